"""Whatever is sent to an endpoint, the answer is JSON with a code, and no fault of ours."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

import pytest

from meterai.api.wire.endpoints import Endpoint
from meterai.api.wire.routes import ENDPOINTS
from tests.api.conftest import running
from tests.api.wire.test_bodies import FORM, JSON, STRANGE
from tests.api.wire.test_cloud_signing import SIGN
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.test_forms import END, MULTIPART, part

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
FIELDS = [
    "user", "password", "token", "jwToken", "isUpload", "namadoc", "namafile", "nilaidoc",
    "namejidentitas", "noidentitas", "namedipungut", "snOnly", "nodoc", "tgldoc", "idfile", "filter",
    "idLoc", "serialnumber", "batchId", "procId", "return_url", "tipe", "partial", "document",
    "certificatelevel", "src", "dest", "docpass", "refToken", "spesimenPath", "location", "reason",
    "profileName", "visLLX", "visLLY", "visURX", "visURY", "visSignaturePage", "retryFlag", "docId",
    "workerName", "data", "shaChecksum",
]  # fmt: skip
NAMES = ["x", "final_" + "0" * 32 + ".pdf", "%00", "..", "'--", "ü", "A" * 22, "7" * 300]
USUAL = {
    "profileName": "default", "workerName": "default", "certificatelevel": "NOT_CERTIFIED", "src": "doc",
    "dest": "x", "reason": "x", "location": "x", "spesimenPath": "x", "snOnly": True, "shaChecksum": "0" * 64,
    "data": "MYIBAA==",
}  # fmt: skip


async def answer(firm: Caller, one: Endpoint, chance: random.Random, serial: str) -> None:
    """Sends a random request to an endpoint, and looks at the answer."""
    fields = {
        name: chance.choice([*STRANGE, serial, serial]) for name in chance.sample(FIELDS, chance.randrange(9))
    }
    fields = (USUAL if chance.random() < 0.6 else {}) | fields
    if chance.random() < 0.5:
        fields |= {"refToken": serial, "filter": serial, "serialnumber": serial}
    body, kind = json.dumps(fields, ensure_ascii=False).encode(), JSON
    shape = chance.randrange(6)
    if shape == 0:
        body, kind = "&".join(f"{name}={quote(str(text))}" for name, text in fields.items()).encode(), FORM
    elif shape == 1:
        texts = [part(name, str(text).encode()[:4_000]) for name, text in fields.items()]
        body, kind = b"".join([*texts, part("file", chance.randbytes(99), "a.pdf"), END]), MULTIPART
    elif shape == 2:
        at = chance.randrange(len(body))
        body = body[:at] + chance.randbytes(3) + body[at:]
    elif shape == 3:
        body, kind = (
            chance.randbytes(200),
            chance.choice([JSON, "application/timestamp-query", "", MULTIPART]),
        )
    name = chance.choice([*NAMES, serial])
    path = "/".join(quote(name) if piece[:1] == "{" else piece for piece in one.path.split("/"))
    query = chance.choice(["", f"?filter={quote(name)}&x=%ff", "?&&=&", "?serialnumber=" + serial])
    told = await firm.send(chance.choice(one.methods), f"{one.role}{path}{query}", body, kind=kind)
    sent = (one.template, body[:300], kind, query, told.body[:300])
    assert told.status < 500, sent
    if told.headers["content-type"] == "application/json":
        said = json.loads(told.body)
        assert said.get("statusCode") or said["errorCode"], sent


async def test_no_request_is_a_fault(wire: WireSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.api.wire.resources.cloud_signing.WAIT_S", 0.01)
    await wire.setup.start_signer()
    firm = await wire.of(wire.chain.enterprise)
    (serial,) = await wire.taken(wire.chain.enterprise, 1)
    chance = random.Random(45)
    for one in ENDPOINTS:
        for _ in range(30):
            await answer(firm, one, chance, serial)


async def test_an_outage_is_told_with_a_code(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    wire.running.db.is_down = True
    for path, field in [("backend/function/saldopos", "statusCode"), (SIGN, "errorCode")]:
        told = await firm.send("POST", path, USUAL)
        said = json.loads(told.body)
        assert (told.status, said[field], bool(said["helpCode"])) == (
            503,
            "99" if field == "statusCode" else "97",
            True,
        )
