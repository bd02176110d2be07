"""Asks the service: certificates and the code of a serial number, and the signature of a hash."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meterai.adapter.journal import Entry
from meterai.adapter.order import Order
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker, OutsideService
from meterai.signatures.certificate_chain import load_certificate
from meterai.signatures.public_keys import has_signed

_REST: Final = "/keystamp/pdfsigning/rest"
_LIMITS: Final = CallLimits(connect_seconds=5, total_seconds=60, connections_max=64)
SYSTEM_ID: Final = "meterai-adapter"


class Relayed(Exception):
    """The service refused, with a code and words that the adapter passes on as they are."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What signs hashes now, and what the stamp shows."""

    certificates: tuple[bytes, ...]
    """DER, the signer's first."""
    stamp_code: str
    timestamp_url: str


class _Answer(msgspec.Struct, kw_only=True):
    status: Any = ""
    errorCode: str | int = ""
    errorMessage: Any = ""
    certs: tuple[str, ...] = ()
    stampCode: str = ""
    timestampUrl: str = ""
    data: str = ""


class Stampservice:
    """The service behind a base address. `gateway_key`: sent as `x-Gateway-APIKey`; empty: not sent."""

    def __init__(self, url: str, *, gateway_key: str) -> None:
        headers = {"x-Gateway-APIKey": gateway_key} if gateway_key else {}
        self._outside = OutsideService(
            url,
            unavailable_code="signer.unavailable",
            name="stampservice",
            headers=headers,
            limits=_LIMITS,
            breaker=CircuitBreaker(open_seconds=1),
        )
        self.url = self._outside.base_url

    async def close(self) -> None:
        """Closes the connections."""
        await self._outside.close()

    async def chain(self, order: Order) -> Chain:
        """Asks for the certificates, and for the code of the order's serial number.

        Raises: Relayed; Refusal UNAVAILABLE `adapter.chain`, `adapter.certificate`; NOT_FOUND
        `serial.unknown`.
        """
        body = {"profileName": order.profile_name, "systemId": SYSTEM_ID, "refToken": order.serial}
        try:
            answer = await self._ask("getSignerCertChain", body, order.token, failed="93")
        except Refusal as refusal:
            raise Refusal(Kind.UNAVAILABLE, "adapter.chain", **refusal.facts) from None
        certificates = tuple(_decoded(one, "adapter.certificate") for one in answer.certs)
        if not certificates:
            raise Refusal(Kind.UNAVAILABLE, "adapter.chain", reason="empty")
        algorithm_of(certificates)
        if not answer.stampCode:
            raise Refusal(Kind.NOT_FOUND, "serial.unknown")
        return Chain(
            certificates=certificates, stamp_code=answer.stampCode, timestamp_url=answer.timestampUrl
        )

    async def sign(self, order: Order, entry: Entry) -> bytes:
        """Has the signed attributes of an entry signed, and checks the signature.

        Raises: Relayed; Refusal UNAVAILABLE `signer.unavailable`, `adapter.signature`.
        """
        body = {
            "workerName": order.profile_name,
            "data": base64.b64encode(entry.attributes).decode(),
            "systemId": SYSTEM_ID,
            "shaChecksum": entry.source_sha256,
            "retryFlag": order.retry_flag,
            "refToken": order.serial,
        }
        answer = await self._ask("docSigningB", body, order.token, failed="96")
        signature = _decoded(answer.data, "adapter.signature")
        key = load_certificate(entry.certificates[0]).public_key()
        if not has_signed(key, signature, entry.attributes, hashes.SHA256()):
            raise Refusal(Kind.UNAVAILABLE, "adapter.signature")
        return signature

    async def _ask(self, path: str, body: Mapping[str, str], token: str, *, failed: str) -> _Answer:
        """`failed`: the code of a refusal that has none of the contract's table."""
        headers = {"Content-Type": "application/json"} | bearer(token)
        encoded = msgspec.json.encode(body)
        got = await self._outside.call("POST", f"{_REST}/{path}", body=encoded, headers=headers, repeat=True)
        try:
            answer = read_json(got.body, _Answer)
        except msgspec.MsgspecError:
            raise Refusal(Kind.UNAVAILABLE, "signer.unavailable", reason=f"status_{got.status}") from None
        code = str(answer.errorCode)
        if code != "00":
            known = code if code.isdigit() and "80" <= code <= "97" and len(code) == 2 else failed
            raise Relayed(known, str(answer.errorMessage)[:500])
        return answer


def bearer(token: str) -> dict[str, str]:
    """The header with a client's token. No header for a token that can't stand in one."""
    printable = token.isascii() and token.isprintable() and " " not in token
    return {"Authorization": f"Bearer {token}"} if token and printable else {}


def algorithm_of(certificates: tuple[bytes, ...]) -> str:
    """`rsa` or `ecdsa`, by the signer's certificate. Raises: Refusal UNAVAILABLE `adapter.certificate`."""
    try:
        key = load_certificate(certificates[0]).public_key()
    except ValueError:
        key = None
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa"
    raise Refusal(Kind.UNAVAILABLE, "adapter.certificate")


def is_specimen(certificates: tuple[bytes, ...]) -> bool:
    """Whether the certificate is for trial stamps, by the name of its subject."""
    subject: x509.Name = load_certificate(certificates[0]).subject
    return "SPESIMEN" in subject.rfc4514_string()


def _decoded(text: str, code: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(Kind.UNAVAILABLE, code) from None
