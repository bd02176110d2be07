"""What each method of the Python SDK sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from meterai_sdk import Meterai
from tests.sdk.partner_server import Answer, PartnerServer, partner_server


@pytest.fixture(scope="module")
def server() -> Iterator[PartnerServer]:
    with partner_server() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: PartnerServer) -> Iterator[Meterai]:
    key = server.key.as_dict(private=True)
    with Meterai(server.url, client_id="cli_1", key_id="key_1", key=key) as made:
        yield made


ORDER = {"receiver_id": "org_2", "pieces": 5, "paid_by": "credit"}
ADDED = {"name": "Cabang", "code": "cabang", "role": "sub_account", "npwp": None}
SENT: dict[str, tuple[Callable[[Meterai], Any], str, Any]] = {
    "quota": (lambda m: m.quota.read(), "GET /api/v1/quota", None),
    "quota below": (lambda m: m.quota.read("org_2"), "GET /api/v1/organisations/org_2/quota", None),
    "block": (lambda m: m.quota.read_block("blk_1"), "GET /api/v1/blocks/blk_1", None),
    "pass": (lambda m: m.quota.pass_stamps("org_2", 5, paid_by="credit"), "POST /api/v1/blocks", ORDER),
    "return": (
        lambda m: m.quota.return_stamps("blk_1", 2), "POST /api/v1/blocks/blk_1/returns", {"pieces": 2},
    ),
    "own": (lambda m: m.organisations.own(), "GET /api/v1/organisation", None),
    "organisation": (lambda m: m.organisations.read("org_2"), "GET /api/v1/organisations/org_2", None),
    "add": (
        lambda m: m.organisations.add("Cabang", code="cabang", role="sub_account"),
        "POST /api/v1/organisations",
        ADDED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SENT)
def test_a_method_sends_what_the_api_takes(server: PartnerServer, client: Meterai, name: str) -> None:
    call, expected, body = SENT[name]
    server.answers = [Answer(200, {"id": "x_1"})]
    server.requests.clear()
    assert call(client) == {"id": "x_1"}
    (request,) = server.requests
    assert f"{request.method} {request.path}" == expected
    assert (json.loads(request.body) if request.body else None) == body


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda m: m.quota.blocks(), "/api/v1/blocks"),
        (lambda m: m.organisations.list(), "/api/v1/organisations"),
    ],
    ids=["blocks", "organisations"],
)
def test_lists_are_read_to_their_end(
    server: PartnerServer, client: Meterai, call: Callable[[Meterai], Iterator[Any]], path: str
) -> None:
    server.answers = [
        Answer(200, {"data": [1], "next_cursor": "c"}),
        Answer(200, {"data": [2], "next_cursor": None}),
    ]
    server.requests.clear()
    assert list(call(client)) == [1, 2]
    assert [request.path for request in server.requests] == [path, path]
