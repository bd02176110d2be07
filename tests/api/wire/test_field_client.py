"""A client that was written for another service works when only its addresses change."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from meterai.signatures.stamp_code import decode_code
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from tests.api.conftest import running
from tests.api.wire.field_client import FieldClient
from tests.api.wire.test_cloud_signing import working
from tests.api.wire.wire_site import Caller, WireSite, said, wire
from tests.pdf import samples
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.verification.test_hash_attributes import HASH, TYPE, named, together
from tests.web.asking import ask

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
BASES = {
    "backend": "http://situs/wire/backend", "stampv2": "http://situs//wire/stampv2/",
    "stampservice": "http://situs/wire/stampservice/", "fileupload": "http://situs/wire/fileupload/",
}  # fmt: skip
SOURCE = hashlib.sha256(b"the file before its stamp").hexdigest()


async def client_of(wire: WireSite, name: str) -> FieldClient:
    """A client that has logged in with its user name and password."""
    organisation = getattr(wire.chain, name)
    await wire.login(organisation)

    async def send(method: str, address: str, headers: dict[str, str], body: bytes) -> bytes:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if path.startswith("//"):
            path = f"http://situs{path}"
        small = {key.lower(): value for key, value in headers.items()} | {"host": parts.netloc}
        return (await ask(wire.site, path, method=method, headers=small, body=body)).body

    client = FieldClient(send, BASES)
    await client.log_in(*wire.passwords[organisation.id])
    return client


async def test_a_file_is_stamped_in_the_cloud(wire: WireSite) -> None:
    await wire.setup.start_signer()
    client = await client_of(wire, "enterprise")
    assert await client.balance() == await client.balance_of_place() == 70
    id = await client.upload("surat.pdf", samples.nearly_empty(1))
    serial, picture = await client.serial_of_upload(id, namadoc="3", tgldoc="2026-12-01", nodoc="0")
    assert (await client.balance(), await client.state(serial)) == (69, "NOTSTAMP")
    async with working(wire):
        file = await client.sign_upload(id, serial, picture)
    judged = judge(JudgeRequest(data=file, trust=wire.running.app.trust, moment=datetime.now(UTC)))
    assert (judged.verdict, await client.state(serial), await client.balance()) == (
        Verdict.GENUINE,
        "STAMP",
        69,
    )


async def test_a_hash_is_signed_for_a_file_that_stays_where_it_is(wire: WireSite) -> None:
    await wire.setup.start_signer()
    client = await client_of(wire, "enterprise")
    serial, picture = await client.serial(namafile="surat.pdf", namadoc="2", snOnly=False)
    assert picture.startswith(b"\xff\xd8\xff\xe0")
    asked = {"profileName": "emeteraicertificateSigner", "systemId": "x", "refToken": serial}
    told = await client.adapter_call("getSignerCertChain", **asked)
    certificate = base64.b64decode(told["certs"][0])
    assert (await client.adapter_call("getSignerCertificate", **asked))["certs"] == told["certs"][:1]
    code = decode_code(told["stampCode"])
    assert (code.serial, told["timestampUrl"]) == (
        serial,
        "http://situs/wire/stampservice/keystamp/timestamp",
    )
    assert "stampCode" not in await client.adapter_call(
        "getSignerCertChain", profileName="default", refToken="X"
    )

    attributes = together(TYPE, HASH, named(certificate))
    wanted = {
        "workerName": "emeteraicertificateSigner",
        "data": base64.b64encode(attributes).decode(),
        "systemId": "x",
        "shaChecksum": SOURCE,
        "retryFlag": "1",
        "refToken": serial,
    }
    made = await client.adapter_call("docSigningB", **wanted)
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(made["data"])
    key.verify(signature, attributes, padding.PKCS1v15(), hashes.SHA256())
    assert (made["crlEntries"], made["ocspEntries"], type(made["requestId"])) == ([], [], int)
    assert (
        await client.adapter_call("docSigningB", **{**wanted, "retryFlag": 0, "shaChecksum": SOURCE.upper()})
        == made
    )
    assert (await client.state(serial), await client.balance()) == ("STAMP", 69)

    firm = await wire.of(wire.chain.enterprise)
    await _refused(firm, wanted)
    await _time_stamps(wire, firm, signature)


async def _refused(firm: Caller, wanted: dict[str, Any]) -> None:
    """What must not be signed has a code."""

    async def code(**changes: Any) -> str:
        told = await firm.post("stampservice/keystamp/pdfsigning/rest/docSigningB", {**wanted, **changes})
        assert (told["status"], "data" in told) == ("False", False)
        found: str = told["errorCode"]
        return found

    assert await code(shaChecksum="0" * 64) == "96", "another file"
    assert await code(data=base64.b64encode(b"no attributes").decode()) == "96"
    assert await code(data="%%%") == "96"
    assert await code(shaChecksum="x") == "90"
    assert await code(workerName="") == "90"
    assert await code(workerName="other") == "91"
    assert await code(refToken="A" * 22) == "92"


async def _time_stamps(wire: WireSite, firm: Caller, signature: bytes) -> None:
    """A time stamp is made for a signature of ours, and for nothing else."""

    async def asked(imprint: bytes) -> Any:
        query = tsp.TimeStampReq({
            "version": 1, "cert_req": True, "nonce": 2**100 + 7,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
        }).dump()  # fmt: skip
        return await firm.send(
            "POST", "stampservice/keystamp/timestamp", query, kind="application/timestamp-query"
        )

    imprint = hashlib.sha256(signature).digest()
    answer = await asked(imprint)
    assert answer.headers["content-type"] == "application/timestamp-reply", answer.body
    reply = tsp.TimeStampResp.load(answer.body)
    assert reply["status"]["status"].native == "granted"
    info = reply["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == imprint
    assert info["nonce"].native == 2**100 + 7, "clients compare it (RFC 3161 clause 2.4.2)"
    assert said(await asked(bytes(32)))["errorCode"] == "96"
    other = await wire.of(wire.chain.retailer)
    refused = await other.send(
        "POST", "stampservice/keystamp/timestamp", b"0", kind="application/timestamp-query"
    )
    assert said(refused)["errorCode"] == "90"
