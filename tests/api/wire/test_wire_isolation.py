"""I16 at every endpoint of the wire: what another organisation has answers like what nobody has.

The endpoints come from the list of the code. Each needs an example here, with everything it can be asked for.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

import msgspec
import pytest

from meterai.api.wire.resources.login import place_id
from meterai.api.wire.routes import ENDPOINTS
from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.stamping.use_cases.hash_chain import hash_chain
from meterai.waiting_room.rules.model import QueueState
from simulator.crowd.wire.adapter_calls import signed_attributes, signing_order
from simulator.crowd.wire.orders import facts_of, order_of
from tests.api.conftest import running
from tests.api.tables import TRACES, rows_of
from tests.api.wire.test_cloud_signing import working
from tests.api.wire.test_sequences import LETTER
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.partners.organisations import Organisation
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.asking import Answer
from tests.web.test_forms import END, MULTIPART, part

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage

NOBODYS: Final[Mapping[str, Any]] = {
    "serial": lambda: make_serial(secrets.token_bytes(RANDOM_BYTES)),
    "upload": lambda: uuid4().hex,
    "batch": lambda: str(uuid4()),
    "proc": lambda: str(uuid4()),
    "user": lambda: str(uuid4()),
    "place": lambda: "org_" + "0" * 26,
}
"""Makes an id that nobody has, by its kind."""


class Example(msgspec.Struct, frozen=True):
    """A request to an endpoint: `{kind}` stands for an id of that kind."""

    path: str
    body: dict[str, Any] = {}
    query: dict[str, str] = {}

    @property
    def kinds(self) -> list[str]:
        """The kinds of ids in it, each once."""
        told = json.dumps([self.path, self.body, self.query])
        return list(dict.fromkeys(re.findall(r"{(serial|upload|batch|proc|user|place)}", told)))

    def filled(self, ids: Mapping[str, str]) -> tuple[str, bytes]:
        """Address and body with these ids."""

        def put(value: Any) -> Any:
            for kind, id in ids.items():
                value = value.replace(f"{{{kind}}}", id) if isinstance(value, str) else value
            return value

        query = urlencode({name: put(value) for name, value in self.query.items()})
        address = quote(put(self.path)) + (f"?{query}" if query else "")
        body = {name: put(value) for name, value in self.body.items()}
        return address, json.dumps(body).encode() if body else b""


_CLOUD = order_of() | {
    "refToken": "{serial}",
    "docId": "{upload}",
    "src": "/sharefolder/doc_{upload}.pdf",
    "dest": "/sharefolder/final_{upload}.pdf",
}
_HASH = {"profileName": "default", "systemId": "x", "refToken": "{serial}"}
EXAMPLES: Final[Mapping[str, list[Example]]] = {
    "stampv2/chanel/stampv2": [
        Example("", facts_of("surat.pdf") | {"isUpload": True, "idfile": "{upload}"}),
    ],
    "stampv2/snqr/status-batch": [Example("", query={"batchId": "{batch}"})],
    "stampv2/snqr": [Example("", query={"batchId": "{batch}", "procId": "{proc}"})],
    "stampv2/snqr/qrimage": [Example("", query={"serialnumber": "{serial}", "onprem": "true"})],
    "backend/api/chanel/stamp/ext": [
        Example("", query={"filter": "{serial}"}),
        Example("", {"filter": "{serial}"}),
    ],
    "stampv2/chanel/sale/stamp/ext/{user}": [Example("")],
    "backend/sale/saldo-scm": [Example("", query={"idLoc": "{place}", "db": "true"})],
    "stampv2/stamping/update-data/{serial}": [Example("", {"namedipungut": "Siti"})],
    "fileupload/getfile3/{name}": [
        Example("fileupload/getfile3/doc_{upload}.pdf"),
        Example("fileupload/getfile3/final_{upload}.pdf"),
    ],
    "stampservice/keystamp/adapter/docSigningZ": [Example("", _CLOUD)],
    "stampservice/keystamp/pdfsigning/rest/getSignerCertChain": [Example("", _HASH)],
    "stampservice/keystamp/pdfsigning/rest/getSignerCertificate": [Example("", _HASH)],
    "stampservice/keystamp/pdfsigning/rest/docSigningB": [Example("", {"refToken": "{serial}"})],
}
"""Requests that name something, by the endpoint."""
NAMELESS: Final = {
    "backend/api/users/login",
    "backend/function/saldopos",
    "inventory/api/v2/serialnumber/batch",
    "stampv2/jenisdoc",
    "fileupload/uploaddoc2",
    "stampservice/keystamp/timestamp",
}
"""Endpoints that take no id of ours. An `idfile` of a batch is the client's own word."""


class Firm:
    """An organisation with a login, and what it has of each kind."""

    def __init__(self, caller: Caller, ids: Mapping[str, list[str]]) -> None:
        self.caller, self.ids = caller, ids


async def firm_with_everything(wire: WireSite, organisation: Organisation, der: bytes) -> Firm:
    """Takes, uploads and stamps one of each kind."""
    caller = await wire.of(organisation)
    login = await wire.login(organisation)
    form = part("file", LETTER, "surat.pdf") + END
    uploads = [(await caller.post("fileupload/uploaddoc2", form, kind=MULTIPART))["id"] for _ in range(2)]
    order = facts_of("surat.pdf")
    in_cloud = order | {"isUpload": True, "idfile": uploads[0]}
    serials = [
        (await caller.post("stampv2/chanel/stampv2", one))["result"]["sn"] for one in (order, in_cloud, order)
    ]
    ids = {"serial": serials[1], "upload": uploads[0]}
    _, body = Example("", _CLOUD).filled(ids)
    signed = await caller.post("stampservice/keystamp/adapter/docSigningZ", body)
    assert signed["errorCode"] == "00", signed
    hashed = await caller.post(
        "stampservice/keystamp/pdfsigning/rest/docSigningB", signing_order(serials[2], der, SOURCE)
    )
    assert hashed["errorCode"] == "00", hashed
    batch, proc = await batch_of(caller)
    return Firm(
        caller,
        {
            "batch": [batch],
            "proc": [proc],
            "serial": serials,
            "upload": uploads,
            "user": [str(login.id)],
            "place": [place_id(organisation.id)],
        },
    )


async def batch_of(caller: Caller) -> tuple[str, str]:
    """A batch of one document, and the name of that document."""
    order = {"return_url": "https://contoh.id/terima", "partial": True, "document": [facts_of("a.pdf")]}
    batch = (await caller.post("inventory/api/v2/serialnumber/batch", order))["result"]["batchId"]
    told = await caller.get(f"stampv2/snqr/status-batch?batchId={batch}")
    return batch, told["result"]["data"][0]["procId"]


SOURCE: Final = hashlib.sha256(b"isi").hexdigest()


def requests(der: bytes) -> Iterator[tuple[str, str, Example]]:
    """Each endpoint's methods with its examples."""
    for one in ENDPOINTS:
        name = one.template.removeprefix("/wire/")
        for method, example in itertools.product(one.methods, EXAMPLES.get(name, [])):
            path, body = example.path or name, example.body
            if name.endswith("docSigningB"):
                body = signing_order("{serial}", der, SOURCE)
            yield method, name, msgspec.structs.replace(example, path=path, body=body)


def seen(answer: Answer, ids: Mapping[str, str]) -> tuple[int, bytes]:
    """What an answer says, but for the ids that were asked for."""
    body = answer.body
    for id in ids.values():
        body = body.replace(id.encode(), b"ID")
    return answer.status, body


async def test_what_another_organisation_has_answers_like_what_nobody_has(wire: WireSite) -> None:
    await wire.running.line.set_state(QueueState.OFF)
    await wire.setup.start_signer()
    certificate, *_ = await hash_chain(wire.running.app.signer)
    der = signed_attributes(certificate, hashlib.sha256(b"surat").digest())
    async with working(wire):
        one, other = [
            await firm_with_everything(wire, organisation, der)
            for organisation in (wire.chain.retailer, wire.chain.distributor)
        ]
    owner = wire.setup.database.owner
    before = await rows_of(owner, without=TRACES)
    tried = 0
    for method, name, example in requests(der):
        for ids in choices(example, one, other):
            nobodys = {kind: id if id in one.ids[kind] else NOBODYS[kind]() for kind, id in ids.items()}
            told = [seen(await send(one, method, example, ids=which), which) for which in (ids, nobodys)]
            assert told[0] == told[1], f"{method} {name} tells {ids} from {nobodys}"
            tried += 1
    assert tried > 40
    assert await rows_of(owner, without=TRACES) == before, "nothing of anybody changed"
    for method, name, example in requests(der):
        ids = {kind: other.ids[kind][0] for kind in example.kinds}
        if "docSigning" not in name and "final_" not in example.path:
            body = (await send(other, method, example, ids=ids)).body
            assert body.startswith(b"%PDF") or b'"00"' in body, f"{method} {name}: {body!r}"


def test_each_endpoint_has_an_example() -> None:
    assert {one.template.removeprefix("/wire/") for one in ENDPOINTS} <= {*EXAMPLES, *NAMELESS}


def choices(example: Example, own: Firm, other: Firm) -> Iterator[dict[str, str]]:
    """The ids of a request in which one or more is the other's."""
    for taken in itertools.product((False, True), repeat=len(example.kinds)):
        if any(taken):
            whose = [(other if is_taken else own) for is_taken in taken]
            each = [firm.ids[kind] for firm, kind in zip(whose, example.kinds, strict=True)]
            for chosen in itertools.product(*each):
                yield dict(zip(example.kinds, chosen, strict=True))


async def send(firm: Firm, method: str, example: Example, *, ids: Mapping[str, str]) -> Answer:
    """Sends the request with these ids."""
    address, body = example.filled(ids)
    return await firm.caller.send(method, address, body)
