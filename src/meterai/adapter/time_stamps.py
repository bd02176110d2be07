"""Gets RFC 3161 tokens from the service's authority, and checks them as verifiers will."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.adapter.stampservice import bearer
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.signatures.certificate_chain import load_certificate
from meterai.stamping.signer.time_stamp_client import HttpTimestamper, TokenChecker

_WEB: Final = ("http", "https")
_SECONDS_MAX: Final = 20.0


class TimeStamps:
    """Asks for tokens.

    `roots`: PEM of the authorities that are trusted. Without any, those above the signer's certificate are:
    a verifier trusts their root, too.
    """

    def __init__(self, roots: bytes, *, service_url: str, clock: Clock) -> None:
        """Raises: ValueError for a text that holds no certificate."""
        self._roots = [_pem(one) for one in x509.load_pem_x509_certificates(roots)] if roots else []
        self._service_url = service_url
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, url: str, imprint: bytes, *, token: str, certificates: tuple[bytes, ...]) -> bytes:
        """Returns the time-stamp token over a SHA-256 imprint.

        `token`: the client's, for an authority that wants it. Raises: Refusal UNAVAILABLE `tsa.*`.
        """
        if urlsplit(url).scheme not in _WEB:
            raise Refusal(Kind.UNAVAILABLE, "tsa.unavailable", reason="address")
        checker = TokenChecker(self._roots or _above(certificates), self._clock)
        headers = bearer(token) if self._may_know_token(url) else {}
        asking = HttpTimestamper(self._open(), url, checker, seconds_max=_SECONDS_MAX, headers=headers)
        return await asking.stamp(imprint)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _may_know_token(self, url: str) -> bool:
        """The service named the address, and knows the token. It must not travel less safely than there."""
        return urlsplit(url).scheme == "https" or urlsplit(self._service_url).scheme == "http"

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self._session


def _above(certificates: tuple[bytes, ...]) -> list[bytes]:
    return [_pem(load_certificate(one)) for one in certificates[1:]]


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
