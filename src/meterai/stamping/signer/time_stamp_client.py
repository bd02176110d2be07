"""Client of the time-stamp authority (RFC 3161 over HTTP). It checks every reply."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import aiohttp
from cryptography import x509

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.tracing.spans import span
from meterai.signatures import der
from meterai.signatures.certificate_chain import build_path, load_certificate
from meterai.signatures.cms import read_token, token_info
from meterai.signatures.signed_data import OID_SHA256, read_signed_data
from meterai.signatures.time_stamp import check_token_for
from meterai.stamping.model import TOKEN_BYTES

_IMPRINT_ALGORITHM = der.encode(der.SEQUENCE, OID_SHA256, der.encode(der.NULL))
_REPLY_BYTES_MAX = 64 << 10
_CLOCK_GAP_MAX = timedelta(minutes=5)


_FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}
"""PKIFailureInfo (RFC 3161 clause 2.4.2) by the number of the bit."""


class _Unusable(Exception):
    """An HTTP answer that is not a time-stamp reply."""


class Timestamper(Protocol):
    """Gives RFC 3161 tokens."""

    async def stamp(self, imprint: bytes) -> bytes:
        """Returns the token (DER) over a SHA-256 imprint of 32 bytes. Raises: Refusal UNAVAILABLE `tsa.*`."""
        ...


class QueryTimestamper(Protocol):
    """Gives RFC 3161 tokens, also for a query of somebody who compares its nonce with the token's."""

    async def stamp(self, imprint: bytes, nonce: int | None = None) -> bytes:
        """As `Timestamper.stamp`. `nonce`: not negative; None: one is made."""
        ...


class TokenChecker:
    """Checks replies: status, nonce, time, and all that verifiers check in a stamp's token.

    `trusted` are the root certificates (PEM) that verifiers trust, and no others. Verifiers would take a
    stamp for forged if they did not accept its token.
    """

    def __init__(self, trusted: Sequence[bytes], clock: Clock) -> None:
        self._trusted = [x509.load_pem_x509_certificate(pem) for pem in trusted]
        self._clock = clock
        self._last_good: bytes | None = None

    def certificates_end(self) -> datetime | None:
        """End of the first certificate behind the last good token, root included; None before any."""
        if self._last_good is None:
            return None
        form = read_token(self._last_good)
        certificates = [load_certificate(encoded) for encoded in form.certificates]
        path = build_path(certificates, self._trusted, token_info(form).time, exact=True)
        return min(certificate.not_valid_after_utc for certificate in path.certificates)

    def check(self, reply: bytes, imprint: bytes, nonce: int) -> bytes:
        """Returns the token inside `reply`. Raises: Refusal UNAVAILABLE `tsa.refused` or `tsa.bad_token`."""
        try:
            status, *rest = der.read_only(reply).expect(der.SEQUENCE).children()
            number, *more = status.children()
            granted = number.expect(der.INTEGER).content in (b"\x00", b"\x01")
            if not granted or not rest:
                raise Refusal(Kind.UNAVAILABLE, "tsa.refused", reason=_why_refused(number, more))
            token = rest[0].whole
            if len(token) > TOKEN_BYTES:
                raise ValueError(f"{len(token)} bytes, a stamp has room for {TOKEN_BYTES}")
            self._check_token(token, imprint, nonce)
            self._last_good = token
        except Refusal:
            raise
        except Exception as error:  # parsers of certificates raise nearly anything on foreign ones
            raise Refusal(Kind.UNAVAILABLE, "tsa.bad_token", detail=str(error)[:80]) from None
        return token

    def _check_token(self, token: bytes, imprint: bytes, nonce: int) -> None:
        content = read_signed_data(token).content
        if content is None:
            raise ValueError("no time-stamp information")
        self._check_information(content, imprint, nonce)
        problem = check_token_for(token, imprint, self._trusted, self._clock()).problem
        if problem:
            raise ValueError(f"verifiers would say {problem}")

    def _check_information(self, information: bytes, imprint: bytes, nonce: int) -> None:
        """Checks TSTInfo (RFC 3161 clause 2.4.2): version, policy, imprint, serial, time, ..., nonce."""
        parts = der.read_only(information).expect(der.SEQUENCE).children()
        algorithm, value = parts[2].children()
        if algorithm.children()[0].whole != OID_SHA256 or value.content != imprint:
            raise ValueError("another imprint")
        moment = _parse_time(parts[4].expect(der.GENERALIZED_TIME).content)
        if abs(moment - self._clock()) > _CLOCK_GAP_MAX:
            raise ValueError("its clock and ours disagree")
        if der.encode_integer(nonce) not in [part.whole for part in parts[5:]]:
            raise ValueError("another nonce")


class HttpTimestamper:
    """Asks a TSA over HTTP. The caller owns `session`, which keeps connections open."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        checker: TokenChecker,
        *,
        seconds_max: float = 5.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._session = session
        self._url = url
        self._checker = checker
        self._timeout = aiohttp.ClientTimeout(total=seconds_max)
        self._headers = {"Content-Type": "application/timestamp-query", **(headers or {})}

    async def stamp(self, imprint: bytes, nonce: int | None = None) -> bytes:
        nonce = secrets.randbits(63) | 1 if nonce is None else nonce
        try:
            with span("call tsa", kind="client", service="tsa"):
                reply = await self._ask(make_query(imprint, nonce))
        except _Unusable as error:
            raise Refusal(Kind.UNAVAILABLE, "tsa.unavailable", reason=str(error)) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Refusal(Kind.UNAVAILABLE, "tsa.unavailable", reason=type(error).__name__) from None
        return self._checker.check(reply, imprint, nonce)

    async def _ask(self, query: bytes) -> bytes:
        async with self._session.post(
            self._url,
            data=query,
            headers=self._headers,
            timeout=self._timeout,
            allow_redirects=False,
        ) as response:
            if response.status != 200:
                raise _Unusable(f"status_{response.status}")
            reply = await response.content.read(_REPLY_BYTES_MAX + 1)
            while len(reply) <= _REPLY_BYTES_MAX and (more := await response.content.read(_REPLY_BYTES_MAX)):
                reply += more
        if len(reply) > _REPLY_BYTES_MAX:
            raise _Unusable("too long")
        return reply


def time_of(token: bytes) -> datetime:
    """Reads the time of a checked token."""
    information = read_signed_data(token).content
    assert information is not None
    return _parse_time(der.read_only(information).children()[4].content)


def make_query(imprint: bytes, nonce: int) -> bytes:
    """Makes a TimeStampReq (clause 2.4.1) for a SHA-256 imprint. It asks for the certificates."""
    return der.encode(
        der.SEQUENCE,
        der.encode_integer(1),
        der.encode(der.SEQUENCE, _IMPRINT_ALGORITHM, der.encode(der.OCTET_STRING, imprint)),
        der.encode_integer(nonce),
        b"\x01\x01\xff",
    )


def _why_refused(status: der.Element, more: Sequence[der.Element]) -> str:
    """Reads the reason from a reply without a token, for the log: PKIStatusInfo (clause 2.4.2)."""
    said = [f"status {int.from_bytes(status.content, 'big')}"]
    for part in more:
        if part.tag == der.BIT_STRING:
            bits = f"{int.from_bytes(part.content[1:], 'big'):0{8 * len(part.content[1:])}b}"
            said += [_FAILURES.get(at, f"bit {at}") for at, bit in enumerate(bits) if bit == "1"]
        else:
            said += [text.content.decode(errors="replace") for text in part.expect(der.SEQUENCE).children()]
    return ", ".join(said)[:200]


def _parse_time(content: bytes) -> datetime:
    """Reads `20260817093000Z`, with or without a fraction of a second."""
    whole, _, fraction = content.decode("ascii").removesuffix("Z").partition(".")
    moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return moment + timedelta(seconds=float(f"0.{fraction}")) if fraction else moment
