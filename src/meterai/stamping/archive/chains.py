"""Certificate chains behind a file's seals and time stamps: each certificate with its issuer, up to a pinned
root.

Reads CMS structures that our own signer made or checked; no PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.refusals import Kind, Refusal
from meterai.signatures import der
from meterai.signatures.signed_data import OID_TIME_STAMP_TOKEN, SignedData, read_signed_data

_LENGTH_MAX = 5


class Link(msgspec.Struct, frozen=True):
    """A certificate and the certificate of its issuer, both DER."""

    certificate: bytes
    issuer: bytes


class Chains(msgspec.Struct, frozen=True, kw_only=True):
    """The certificates that the archive data of a file must cover."""

    links: tuple[Link, ...]
    """Each certificate below a root, once."""
    proof_until: datetime
    """End of the first certificate behind the newest time stamp. The file must be renewed before it."""


def chains_of(seals: Sequence[bytes], archive_stamps: Sequence[bytes], roots: Sequence[bytes]) -> Chains:
    """Builds the chains that a file's archive data must cover.

    `seals`: CMS of our seals; `archive_stamps`: tokens of document time stamps, newest last; `roots`: PEM.
    A document time stamp covers the evidence of everything before it. If there are any, only the newest one's
    chain counts.

    Raises: Refusal CONFLICT `archive.chain_unknown` when a chain does not lead to a root.
    """
    known = [x509.load_pem_x509_certificate(pem) for pem in roots]
    try:
        read = [read_signed_data(der.read(cms).whole) for cms in seals]
        tokens = [
            read_signed_data(token)
            for signed in read
            if (token := signed.unsigned_attributes.get(OID_TIME_STAMP_TOKEN)) is not None
        ]
        tokens += [read_signed_data(der.read(token).whole) for token in archive_stamps]
        paths = [_path(signed, known) for signed in (tokens[-1:] if archive_stamps else [*read, *tokens])]
    except ValueError:
        raise Refusal(Kind.CONFLICT, "archive.chain_unknown") from None
    links = dict.fromkeys(link for path in paths for link in path)
    parts = {encoded for link in links for encoded in (link.certificate, link.issuer)}
    ends = [load(encoded).not_valid_after_utc for encoded in parts]
    return Chains(links=tuple(links), proof_until=min(ends))


def _path(signed: SignedData, roots: Sequence[x509.Certificate]) -> list[Link]:
    """The chain from the signer's certificate up to the root. Raises: Refusal."""
    carried = [load(encoded) for encoded in signed.certificates]
    current = next((c for c in carried if _identity(encode(c)) == signed.issuer_and_serial), None)
    links: list[Link] = []
    while current is not None and current not in roots and len(links) < _LENGTH_MAX:
        issuer = _pinned_issuer(current, roots) or next((c for c in carried if _issued(c, current)), None)
        if issuer is None:
            break
        links.append(Link(encode(current), encode(issuer)))
        current = issuer
    if current not in roots or not links:
        raise Refusal(Kind.CONFLICT, "archive.chain_unknown")
    return links


def _pinned_issuer(
    certificate: x509.Certificate, roots: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """The pinned root that issued a certificate.

    Of several with the same name and key: the one that ends last.
    """
    found = [root for root in roots if _issued(root, certificate)]
    return max(found, key=lambda root: root.not_valid_after_utc, default=None)


@lru_cache(maxsize=256)
def load(encoded: bytes) -> x509.Certificate:
    """Reads a certificate from DER."""
    return x509.load_der_x509_certificate(encoded)


@lru_cache(maxsize=256)
def encode(certificate: x509.Certificate) -> bytes:
    """Writes a certificate as DER."""
    return certificate.public_bytes(Encoding.DER)


def _identity(certificate: bytes) -> bytes:
    """The IssuerAndSerialNumber of a certificate (RFC 5652 clause 10.2.4)."""
    _version, serial, _algorithm, issuer = der.read_only(certificate).children()[0].children()[:4]
    return der.encode(der.SEQUENCE, issuer.whole, serial.whole)


@lru_cache(maxsize=256)
def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
