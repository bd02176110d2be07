"""Fetches CRLs and OCSP responses, checks them, and keeps each until its nextUpdate.

One call per certificate and period of validity serves the archive data of all files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CallLimits, OutsideService
from meterai.signatures import revocation
from meterai.signatures.revocation import Statement
from meterai.stamping.archive.chains import Link, load

log = structlog.get_logger(__name__)

UNAVAILABLE = "revocation.unavailable"
_KEPT_MAX = 1024
_CLOCK_GAP_MAX = timedelta(minutes=5)
"""How far a responder's clock may be ahead of ours. A response about "now" is made after we asked."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a document security store holds for a set of chains (DER each)."""

    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...]


class RevocationSource(Protocol):
    """Gives revocation data of certificates."""

    async def evidence(self, links: Sequence[Link], now: datetime) -> Evidence:
        """Returns CRLs and OCSP responses, valid now, for every link.

        Raises: Refusal UNAVAILABLE `revocation.*`.
        """
        ...


class _Kept(msgspec.Struct, frozen=True):
    is_crl: bool
    encoded: bytes
    says: Statement


class HttpRevocation:
    """Asks the addresses in the certificates: OCSP first, else the CRL.

    The certificates belong to our own chains, which lead to pinned roots. So no uploaded file decides where
    calls go.
    `mirror`: address of a server that answers for every host named; paths stay.
    """

    def __init__(self, *, mirror: str = "", limits: CallLimits | None = None) -> None:
        self._mirror = mirror.rstrip("/")
        self._limits = limits or CallLimits(total_seconds=5, body_bytes_max=revocation.BYTES_MAX)
        self._services: dict[str, OutsideService] = {}
        self._kept: dict[Link, _Kept] = {}
        self._crls: dict[str, bytes] = {}
        self._turn = asyncio.Lock()

    async def evidence(self, links: Sequence[Link], now: datetime) -> Evidence:
        found = [await self._of(link, now) for link in links]
        certificates = dict.fromkeys(c for link in links for c in (link.certificate, link.issuer))
        return Evidence(
            certificates=tuple(certificates),
            crls=tuple(dict.fromkeys(kept.encoded for kept in found if kept.is_crl)),
            ocsp_responses=tuple(dict.fromkeys(kept.encoded for kept in found if not kept.is_crl)),
        )

    async def close(self) -> None:
        """Closes the connections."""
        for service in self._services.values():
            await service.close()

    async def _of(self, link: Link, now: datetime) -> _Kept:
        async with self._turn:  # callers that waited find what the first one fetched
            kept = self._kept.get(link)
            if kept is None or not _is_current(kept.says, now):
                if len(self._kept) >= _KEPT_MAX:
                    self._kept.clear()
                    self._crls.clear()
                kept = self._kept[link] = await self._fetch(link, now)
                _tell_if_revoked(link, kept.says)
            return kept

    async def _fetch(self, link: Link, now: datetime) -> _Kept:
        certificate, issuer = load(link.certificate), load(link.issuer)
        trouble = Refusal(Kind.UNAVAILABLE, "revocation.no_address")
        for url in _ocsp_urls(certificate):
            try:
                encoded = await self._ask(url, _query(certificate, issuer))
                return _current(
                    encoded, revocation.from_ocsp(encoded, certificate, issuer), now, is_crl=False
                )
            except Refusal as refusal:
                trouble = refusal
        for url in _crl_urls(certificate):
            try:
                return await self._fetch_crl(url, certificate, issuer, now)
            except Refusal as refusal:
                trouble = refusal
        raise trouble

    async def _fetch_crl(
        self, url: str, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> _Kept:
        if url in self._crls:  # about another certificate of the same issuer
            known = self._crls[url]
            try:
                return _current(known, revocation.from_crl(known, certificate, issuer), now, is_crl=True)
            except Refusal:
                del self._crls[url]
        encoded = await self._ask(url, None)
        kept = _current(encoded, revocation.from_crl(encoded, certificate, issuer), now, is_crl=True)
        self._crls[url] = encoded
        return kept

    async def _ask(self, url: str, query: bytes | None) -> bytes:
        parts = urlsplit(url)
        base = self._mirror or f"{parts.scheme}://{parts.netloc}"
        service = self._services.setdefault(
            base, OutsideService(base, unavailable_code=UNAVAILABLE, limits=self._limits)
        )
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if query is None:
            answer = await service.call("GET", path, repeat=True)
        else:
            headers = {"Content-Type": "application/ocsp-request"}
            answer = await service.call("POST", path, body=query, headers=headers, repeat=True)
        if answer.status != 200:
            raise Refusal(Kind.UNAVAILABLE, UNAVAILABLE, status=answer.status)
        return answer.body


def _current(encoded: bytes, says: Statement | None, now: datetime, *, is_crl: bool) -> _Kept:
    """Raises: Refusal UNAVAILABLE `revocation.bad_answer`."""
    if says is None or not _is_current(says, now):
        raise Refusal(Kind.UNAVAILABLE, "revocation.bad_answer")
    return _Kept(is_crl, encoded, says)


def _tell_if_revoked(link: Link, says: Statement) -> None:
    """Logs a revoked certificate. Earlier stamps stay valid, but an operator must know."""
    if says.revoked_at is not None:
        certificate = load(link.certificate)
        log.warning(
            "certificate.revoked",
            subject=certificate.subject.rfc4514_string(),
            serial=f"{certificate.serial_number:x}",
            revoked_at=f"{says.revoked_at:%Y-%m-%d %H:%M:%S}",
        )


def _is_current(says: Statement, now: datetime) -> bool:
    return says.at - _CLOCK_GAP_MAX <= now < says.until


def _query(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    # SHA-1 names the issuer here, as every responder understands (RFC 5019 section 2.1.1); it proves nothing.
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def _ocsp_urls(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return _web(
        item.access_location for item in access if item.access_method == AuthorityInformationAccessOID.OCSP
    )


def _crl_urls(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return _web(name for point in points for name in point.full_name or [])


def _web(names: Iterable[x509.GeneralName]) -> list[str]:
    found = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
    return [url for url in found if urlsplit(url).scheme in ("http", "https")]
