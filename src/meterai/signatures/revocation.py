"""Reads what CRLs (RFC 5280) and OCSP responses (RFC 6960) say of a certificate, and checks their signatures.

Pure: it does not fetch anything. The archive that fetches them and the verifier that uses them share these
rules.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from meterai.signatures.public_keys import has_signed

BYTES_MAX = 1 << 20
"""Larger ones are not read."""
FRESH = timedelta(minutes=10)
"""How long an OCSP response counts that does not say when the next one comes (RFC 6960 section 4.2.2.1)."""
_RESPONSES_MAX = 16
_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What one CRL or OCSP response says of one certificate."""

    at: datetime
    """The time of the statement (thisUpdate)."""
    until: datetime
    """When the next one is due (nextUpdate). If none is promised: soon for OCSP, `at` for a CRL."""
    revoked_at: datetime | None
    """None: the certificate was not revoked at that time."""


def from_crl(encoded: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> Statement | None:
    """Reads a CRL. Returns None if it is not the issuer's, is partial, or cannot be read."""
    crl = _signed_crl(encoded, issuer)
    if crl is None or crl.issuer != certificate.issuer:
        return None
    found = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return Statement(
        at=crl.last_update_utc,
        until=crl.next_update_utc or crl.last_update_utc,
        revoked_at=found.revocation_date_utc if found is not None else None,
    )


@lru_cache(maxsize=64)
def _signed_crl(encoded: bytes, issuer: x509.Certificate) -> x509.CertificateRevocationList | None:
    crl = _load_crl(encoded)
    return crl if crl is not None and _crl_is_signed(crl, issuer) else None


def _load_crl(encoded: bytes) -> x509.CertificateRevocationList | None:
    """Loads a CRL. Returns None if it cannot be read or has a critical extension, such as that of a
    partial list."""
    try:
        crl = x509.load_der_x509_crl(encoded)
        partial = any(extension.critical for extension in crl.extensions)
    except ValueError:
        return None
    return None if partial or not isinstance(crl.signature_hash_algorithm, _STRONG) else crl


def _crl_is_signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not _may(issuer, "crl_sign"):
        return False
    try:
        return crl.is_signature_valid(key)
    except (ValueError, TypeError):
        return False


def _may(certificate: x509.Certificate, usage: str) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return bool(getattr(found, usage))


def from_ocsp(encoded: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> Statement | None:
    """Reads an OCSP response.

    Returns None if it is about another certificate, is signed by a stranger, or cannot be read.
    """
    response = _signed_ocsp(encoded, issuer)
    if response is None:
        return None
    for single in list(response.responses)[:_RESPONSES_MAX]:
        if single.serial_number == certificate.serial_number and _is_issuer(single, issuer):
            return _ocsp_statement(single)
    return None


def _ocsp_statement(single: ocsp.OCSPSingleResponse) -> Statement | None:
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return None
    revoked = single.certificate_status is ocsp.OCSPCertStatus.REVOKED
    return Statement(
        at=single.this_update_utc,
        until=single.next_update_utc or single.this_update_utc + FRESH,
        revoked_at=single.revocation_time_utc if revoked else None,
    )


@lru_cache(maxsize=256)
def _signed_ocsp(encoded: bytes, issuer: x509.Certificate) -> ocsp.OCSPResponse | None:
    response = _load_ocsp(encoded)
    return response if response is not None and _ocsp_is_signed(response, issuer) else None


def _load_ocsp(encoded: bytes) -> ocsp.OCSPResponse | None:
    """Loads an OCSP response. Returns None for errors such as "try later" too, because they are not
    signed."""
    try:
        response = ocsp.load_der_ocsp_response(encoded)
        readable = isinstance(response.signature_hash_algorithm, _STRONG)
    except ValueError:
        return None
    return response if readable else None


def _is_issuer(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Whether the response names the issuer, by the hashes of its name and key (RFC 6960 section 4.1.1)."""
    algorithm = single.hash_algorithm.name
    if algorithm not in ("sha1", "sha256", "sha384", "sha512"):
        return False
    name = hashlib.new(algorithm, issuer.subject.public_bytes(), usedforsecurity=False).digest()
    key = hashlib.new(algorithm, _key_bits(issuer), usedforsecurity=False).digest()
    return (single.issuer_name_hash, single.issuer_key_hash) == (name, key)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey without its wrapper."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return b""


def _ocsp_is_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Whether the issuer signed it, or a responder that the issuer certified for it (RFC 6960 section
    4.2.2.2)."""
    return any(_verifies(response, signer) for signer in (issuer, *_delegates(response, issuer)))


def _delegates(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> list[x509.Certificate]:
    found = []
    for certificate in response.certificates[:4]:
        try:
            certificate.verify_directly_issued_by(issuer)
            purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            continue
        at = response.produced_at_utc
        if ExtendedKeyUsageOID.OCSP_SIGNING in purposes and (
            certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        ):
            found.append(certificate)
    return found


def _verifies(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    if algorithm is None:
        return False
    return has_signed(key, response.signature, response.tbs_response_bytes, algorithm)
