"""The wire answers where clients look for it, however they put base and path together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meterai.api.wire.addresses import WireAddresses, wire_path
from meterai.kit.settings import from_environment
from meterai.kit.wire_hosts import read_hosts
from tests.api.conftest import running
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite

__all__ = ["running"]
TYPES = "/wire/stampv2/jenisdoc"


@pytest.mark.parametrize(
    ("path", "role", "meant"),
    [
        (TYPES, "", TYPES),
        ("/wire//stampv2///jenisdoc/", "", TYPES),
        ("//wire/stampv2/jenisdoc", "", TYPES),
        ("/wire/stampv2jenisdoc", "", TYPES),
        ("/wire/backendapi/users/login", "", "/wire/backend/api/users/login"),
        ("/wire/stampservice//keystamp/x/docSigningZ", "", "/wire/stampservice/keystamp/x/docSigningZ"),
        ("/jenisdoc", "stampv2", TYPES),
        ("//jenisdoc/", "stampv2", TYPES),
        ("/", "backend", "/wire/backend"),
        ("/api/v1/stamps", "", ""),
        ("/wireless", "", ""),
        ("/wire/other/x", "", "/wire/other/x"),
    ],
)  # fmt: skip
def test_addresses_are_read_as_they_are_meant(path: str, role: str, meant: str) -> None:
    assert wire_path(path, role) == meant


def test_names_of_hosts_are_checked() -> None:
    assert read_hosts("stampv2=Stamp.example, backend=b.example:8443") == {
        "stampv2": "stamp.example",
        "backend": "b.example:8443",
    }
    for wrong in ("stamp=x.example", "stampv2=", "stampv2=a b", "stampv2=a,stampv2=b", "stampv2=a,backend=a"):
        with pytest.raises(ValueError, match="METERAI_WIRE_HOSTS"):
            from_environment({"METERAI_WIRE_HOSTS": wrong})


async def test_the_wire_answers_at_base_paths_and_at_hosts_of_its_own(running: RunningSite) -> None:
    site = WireAddresses(running.site, "stampv2=stamp.example")

    async def get(
        path: str, host: str = "situs", method: str = "GET", **more: Any
    ) -> tuple[int, Any, Answer]:
        answer = await ask(site, path, method=method, headers={"host": host}, **more)
        assert answer.body[:1] == b"{", (path, host, answer)
        return answer.status, json.loads(answer.body), answer

    types = (await get(TYPES))[1]
    assert types["statusCode"] == "00"
    assert {row["kode"] for row in types["result"]} == {"2", "3", "4a", "4b"}
    assert len({row["id"] for row in types["result"]}) == len(types["result"]) == 13
    for path, host in [
        (TYPES + "/", "situs"),
        ("/wire/stampv2jenisdoc?x=1", "situs"),
        ("/jenisdoc", "STAMP.example:80"),
    ]:
        assert (await get(path, host))[1] == types
    for path, host in [
        ("/wire", "situs"),
        ("/wire/nothing/here", "situs"),
        ("/api/v1/stamps", "stamp.example"),
    ]:
        status, told, answer = await get(path, host)
        assert (status, told["statusCode"], answer.headers["content-type"]) == (404, "01", "application/json")
        assert " / " in told["message"]
    status, told, answer = await get(TYPES, method="DELETE")
    assert (status, answer.headers["allow"]) == (405, "GET, POST")
    status, told, _ = await get(TYPES, method="POST", body=b'{"x":"' + bytes(300_000) + b'"}')
    assert (status, told["statusCode"]) == (413, "96")
    assert (await ask(site, "/harga", headers={"host": "situs"})).status == 200, "pages are where they were"
