"""Time stamps of the twin, judged by OpenSSL, asn1crypto and pyHanko."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from asn1crypto import algos, core, parser, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from sandbox.pki.authority import make_pki
from sandbox.tsa import TimeStampAuthority
from tests.ports import free_port
from tests.sandbox.twins import started

DOCUMENT = b"a document"


@pytest.fixture(params=["rsa-2048", "p-256"], scope="module")
def pki(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("tsa") / "pki", request.param)


def query(
    *, digest: bytes = hashlib.sha256(DOCUMENT).digest(), algorithm: str = "sha256", **more: object
) -> bytes:
    imprint = tsp.MessageImprint(
        {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": digest}
    )
    fields = {"version": 1, "message_imprint": imprint, "nonce": 0x80FF, "cert_req": True, **more}
    return bytes(tsp.TimeStampReq({k: v for k, v in fields.items() if v is not None}).dump())


def granted(reply: bytes) -> tuple[tsp.TSTInfo, core.Sequence]:
    parsed = tsp.TimeStampResp.load(reply, strict=True)
    assert parsed["status"]["status"].native == "granted"
    signed = parsed["time_stamp_token"]["content"]
    return signed["encap_content_info"]["content"].parsed, signed


def test_openssl_finds_it_good(pki: Path, tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(DOCUMENT)
    make = ["openssl", "ts", "-query", "-data", "document", "-sha256", "-cert", "-out", "query.tsq"]
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True)
    reply = TimeStampAuthority(pki).respond((tmp_path / "query.tsq").read_bytes())
    (tmp_path / "reply.tsr").write_bytes(reply)
    check = ["openssl", "ts", "-verify", "-queryfile", "query.tsq", "-in", "reply.tsr", "-CAfile"]
    for trusted, good in (("trust/root.pem", True), ("stamp.pem", False)):
        said = subprocess.run([*check, pki / trusted], cwd=tmp_path, capture_output=True, text=True)
        assert ("Verification: OK" in said.stdout) is good


async def test_pyhanko_finds_it_good_and_trusted(pki: Path) -> None:
    _, signed = granted(TimeStampAuthority(pki).respond(query()))
    root = x509.load_pem_x509_certificate((pki / "trust" / "root.pem").read_bytes())
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root.public_bytes(Encoding.DER))],
        other_certs=[certificate.chosen for certificate in signed["certificates"]],
    )
    digest = hashlib.sha256(DOCUMENT).digest()
    result = await validate_tst_signed_data(signed, context, lambda _: digest)
    assert result["intact"]
    assert result["valid"]
    assert result["trust_problem_indic"] is None
    assert result["validation_path"] is not None


def test_it_says_what_was_asked_and_when(pki: Path) -> None:
    moment = datetime(2026, 9, 5, 7, 5, 0, 120_000, UTC)
    information, signed = granted(TimeStampAuthority(pki, clock=lambda: moment).respond(query()))
    assert information["nonce"].native == 0x80FF
    assert information["gen_time"].native == moment
    assert information["message_imprint"]["hashed_message"].native == hashlib.sha256(DOCUMENT).digest()
    assert len(signed["certificates"]) == 2
    bare, signed = granted(TimeStampAuthority(pki).respond(query(nonce=None, cert_req=False)))
    assert bare["nonce"].native is None
    assert not signed["certificates"]


def test_serial_numbers_are_unique_across_restarts(pki: Path) -> None:
    numbers = [
        granted(authority.respond(query()))[0]["serial_number"].native
        for authority in (TimeStampAuthority(pki), TimeStampAuthority(pki))
        for _ in range(20)
    ]
    assert len(set(numbers)) == 40


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", "bad_data_format"),
        (b"\x30\x80\x00\x00", "bad_data_format"),
        (query()[:-1], "bad_data_format"),
        (query() + b"\x00", "bad_data_format"),
        (query(algorithm="sha512", digest=bytes(64)), "bad_alg"),
        (query(digest=bytes(20)), "bad_data_format"),
        (query(req_policy="1.2.3.4"), "unaccepted_policy"),
        (query(version=2), "bad_request"),
    ],
    ids=["empty", "indefinite", "cut", "longer", "sha512", "short", "policy", "version"],
)
def test_a_bad_query_is_rejected_with_its_reason(pki: Path, bad: bytes, reason: str) -> None:
    content = parser.parse(TimeStampAuthority(pki).respond(bad), strict=True)[4]
    status = tsp.PKIStatusInfo.load(content, strict=True)  # a rejection has nothing after the status
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {reason}


def test_the_process_answers_over_http(pki: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    async def talk() -> None:
        typed = {"Content-Type": "application/timestamp-query"}
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=query(), headers=typed) as answer:
                assert answer.content_type == "application/timestamp-reply"
                granted(await answer.read())
            async with session.post(url, data=query()) as answer:
                assert answer.status == 415
            async with session.get(url + "/healthz") as answer:
                assert (await answer.json())["status"] == "ok"
            async with session.get(url) as answer:
                assert "not real money" in await answer.text()
            await session.post(url + "/_script", json={"fails_next": 1, "wrong_imprint_next": 1})
            async with session.post(url, data=query(), headers=typed) as answer:
                assert answer.status == 503
            async with session.post(url, data=query(), headers=typed) as answer:
                information, _ = granted(await answer.read())
                assert information["message_imprint"]["hashed_message"].native == bytes(32)

    with started([sys.executable, "-m", "sandbox.tsa", "--port", str(port), "--pki", str(pki)], port):
        asyncio.run(talk())
