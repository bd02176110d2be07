"""The time-stamp client checks every reply."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.refusals import Kind, Refusal
from meterai.signatures import der
from meterai.stamping.signer.time_stamp_client import HttpTimestamper, TokenChecker, make_query
from sandbox.tsa import authority
from tests.pdf.sealing import SealingBench

IMPRINT = bytes(range(32))
NONCE = 4711


def reply_to(bench: SealingBench, imprint: bytes = IMPRINT, nonce: int = NONCE) -> bytes:
    return bytes(bench.timestamper.authority.respond(make_query(imprint, nonce)))


def why(bench: SealingBench, reply: bytes, checker: TokenChecker | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        (checker or bench.timestamper.checker).check(reply, IMPRINT, NONCE)
    assert caught.value.kind is Kind.UNAVAILABLE
    return caught.value.code


def test_a_good_reply_gives_its_token(bench: SealingBench, bench_p256: SealingBench) -> None:
    for one in (bench, bench_p256):
        reply = reply_to(one)
        assert one.timestamper.checker.check(reply, IMPRINT, NONCE) in reply


def test_when_the_authority_s_certificate_ends_is_learnt_from_its_tokens(bench: SealingBench) -> None:
    trusted = [(bench.folder / "root.pem").read_bytes()]
    checker = TokenChecker(trusted, lambda: datetime.now(UTC))
    assert checker.certificates_end() is None
    assert why(bench, reply_to(bench, nonce=NONCE + 1), checker) == "tsa.bad_token"
    assert checker.certificates_end() is None, "what is not believed says nothing"
    checker.check(reply_to(bench), IMPRINT, NONCE)
    own = x509.load_pem_x509_certificate((bench.folder / "tsa.pem").read_bytes())
    assert checker.certificates_end() == own.not_valid_after_utc


def test_a_root_that_ends_before_the_authority_s_certificate_counts(bench: SealingBench) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    key = serialization.load_pem_private_key((bench.folder / "root.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    root = x509.load_pem_x509_certificate((bench.folder / "root.pem").read_bytes())
    renewed = (
        x509.CertificateBuilder(
            root.issuer, root.subject, key.public_key(), 7, root.not_valid_before_utc, ends
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(root.extensions.get_extension_for_class(x509.KeyUsage).value, critical=True)
        .sign(key, hashes.SHA256())
    )
    checker = TokenChecker([renewed.public_bytes(Encoding.PEM)], lambda: datetime.now(UTC))
    checker.check(reply_to(bench), IMPRINT, NONCE)
    assert checker.certificates_end() == ends


def test_a_token_that_no_stamp_has_room_for_is_refused_by_name(
    bench: SealingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the key is used: otherwise each attempt of every job would use it again."""
    monkeypatch.setattr("meterai.stamping.signer.time_stamp_client.TOKEN_BYTES", 2_000)
    assert why(bench, reply_to(bench)) == "tsa.bad_token"


def test_a_token_for_something_else_is_refused(bench: SealingBench) -> None:
    assert why(bench, reply_to(bench, imprint=bytes(32))) == "tsa.bad_token"
    assert why(bench, reply_to(bench, nonce=NONCE + 1)) == "tsa.bad_token"


def test_every_changed_byte_of_what_is_signed_is_refused(bench: SealingBench) -> None:
    reply = reply_to(bench)
    start = reply.index(IMPRINT)
    for position in range(start - 30, start + 70):
        changed = reply[:position] + bytes((reply[position] ^ 1,)) + reply[position + 1 :]
        assert why(bench, changed) in ("tsa.bad_token", "tsa.refused")


def test_a_time_that_no_clock_shows_is_refused(bench: SealingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    for time in (b"20260817093000.9e999Z", b"99991231235959.9e9Z"):
        monkeypatch.setattr(authority, "_generalized", lambda _moment, time=time: time)
        assert why(bench, reply_to(bench)) == "tsa.bad_token"


def test_a_certificate_without_any_purpose_is_refused(bench: SealingBench, tmp_path: Path) -> None:
    """An impostor of the authority may have any certificate, also one of our own chain."""
    folder = tmp_path / "pki"
    shutil.copytree(bench.folder, folder)
    for suffix in ("pem", "key.pem"):
        shutil.copyfile(folder / f"intermediate.{suffix}", folder / f"tsa.{suffix}")
    other = authority.TimeStampAuthority(folder)
    assert why(bench, other.respond(make_query(IMPRINT, NONCE))) == "tsa.bad_token"


def test_an_untrusted_authority_is_refused(bench: SealingBench, bench_p256: SealingBench) -> None:
    assert why(bench, reply_to(bench_p256)) == "tsa.bad_token"


def test_a_token_that_verifiers_would_not_accept_is_refused(
    bench: SealingBench, bench_p256: SealingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every stamp with it would be sold, and then judged not genuine.

    Public authorities include cross-certificates that lie on another path than the pinned root's.
    """
    own = bench.timestamper.authority
    beside = [bench_p256.key.certificates[1], *_certificates(bench)]
    monkeypatch.setattr(own, "_certificates", der.encode_set_of(0xA0, *beside))
    assert why(bench, reply_to(bench)) == "tsa.bad_token"


def _certificates(bench: SealingBench) -> list[bytes]:
    pems = [(bench.folder / f"{name}.pem").read_bytes() for name in ("tsa", "intermediate")]
    return [x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in pems]


def test_a_clock_that_disagrees_is_refused(bench: SealingBench) -> None:
    trusted = [(bench.folder / "root.pem").read_bytes()]
    late = TokenChecker(trusted, lambda: datetime.now(UTC) + timedelta(minutes=7))
    assert why(bench, reply_to(bench), late) == "tsa.bad_token"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ((), "status 2"),
        ((der.encode(der.BIT_STRING, b"\x02\x04"),), "status 2, badDataFormat"),
        (
            (
                der.encode(der.SEQUENCE, der.encode(0x0C, b"kuota habis")),
                der.encode(der.BIT_STRING, b"\x06\x40\x00\x00\x40"),
            ),
            "status 2, kuota habis, bit 1, systemFailure",
        ),
    ],
)
def test_the_authority_s_own_reason_for_a_rejection_is_kept(
    bench: SealingBench, more: tuple[bytes, ...], reason: str
) -> None:
    rejection = der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode_integer(2), *more))
    with pytest.raises(Refusal, match=r"tsa\.refused") as caught:
        bench.timestamper.checker.check(rejection, IMPRINT, NONCE)
    assert caught.value.facts == {"reason": reason}


def test_a_token_that_is_granted_with_changes_is_taken_and_one_beside_a_rejection_is_not(
    bench: SealingBench,
) -> None:
    """PKIStatus (RFC 3161, 2.4.2): a token comes only with 0 and 1."""
    token = der.read_only(reply_to(bench)).children()[1].whole
    granted, with_changes, rejected = (
        der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.encode_integer(status)), token)
        for status in (0, 1, 2)
    )
    checker = bench.timestamper.checker
    assert [checker.check(reply, IMPRINT, NONCE) for reply in (granted, with_changes)] == [token, token]
    assert why(bench, rejected) == "tsa.refused"


def test_rubbish_is_refused(bench: SealingBench) -> None:
    for rubbish in (b"", b"\x30", b"<html></html>", reply_to(bench)[:-5], reply_to(bench) + b"\x00"):
        assert why(bench, rubbish) == "tsa.bad_token"


async def test_over_http_a_slow_a_broken_and_an_absent_authority_are_unavailable(bench: SealingBench) -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async def broken(_: web.Request) -> web.Response:
        return web.Response(status=500)

    async def endless(_: web.Request) -> web.Response:
        return web.Response(body=bytes(100_000))

    async def good(request: web.Request) -> web.Response:
        return web.Response(body=bench.timestamper.authority.respond(await request.read()))

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/good"})

    app = web.Application()
    for handler in (slow, broken, endless, elsewhere, good):
        app.router.add_post(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            checker = bench.timestamper.checker
            for url, reason in (
                (f"{address}/slow", "TimeoutError"),
                (f"{address}/broken", "status_500"),
                (f"{address}/endless", "too long"),
                (f"{address}/elsewhere", "status_307"),
                (f"{address}/missing", "status_404"),
                (f"{address.replace('http', 'https')}/good", "ClientConnectorSSLError"),
                ("http://127.0.0.1:9/", "ClientConnectorError"),
            ):
                asking = HttpTimestamper(session, url, checker, seconds_max=0.3)
                with pytest.raises(Refusal, match=r"tsa\.unavailable") as caught:
                    await asking.stamp(IMPRINT)
                assert caught.value.facts == {"reason": reason}
            assert await HttpTimestamper(session, f"{address}/good", checker).stamp(IMPRINT)
    finally:
        await runner.cleanup()
