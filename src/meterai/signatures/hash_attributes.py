"""Reads the signed attributes that come from outside with a hash to be signed (CMS, RFC 5652 clause 5.4).

The key for hashes signs what a partner sends, so nothing else than the digest of one document may be in it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from cryptography import x509

from meterai.signatures import der
from meterai.signatures.signed_data import (
    OID_CONTENT_TYPE,
    OID_DATA,
    OID_MESSAGE_DIGEST,
    OID_SIGNING_CERTIFICATE_V2,
)

HASH_POLICY_OID: Final = "2.25.233607911421907266430134086553298613171"
"""Certificate policy by which a certificate for hashes is known. Certificates for seals never have it."""
OID_REVOCATION: Final = der.encode_oid("1.2.840.113583.1.1.8")
"""adbe-revocationInfoArchival (ISO 32000-2, 12.8.3.3.2), which an adapter in the field sends."""
_DIGEST_BYTES: Final = 32
_REVOCATION_PARTS: Final = (0xA0, 0xA1, 0xA2)


def check_attributes(attributes: bytes, *, certificate: bytes, plain: bool) -> bytes:
    """Returns the message digest (SHA-256) in the DER of a SET OF signed attributes.

    Accepted are exactly: content type id-data, message digest, and signing-certificate-v2 (RFC 5035, SHA-256)
    of `certificate` (DER), with or without issuerSerial. With `plain` also: content type, message digest, and
    at most an adbe-revocation.

    Raises: ValueError, in words, for anything else.
    """
    found = _read(attributes)
    digest = _digest_in(found)
    required = (
        _attribute(OID_CONTENT_TYPE, OID_DATA),
        _attribute(OID_MESSAGE_DIGEST, found[OID_MESSAGE_DIGEST]),
    )
    rest = found.keys() - {OID_CONTENT_TYPE, OID_MESSAGE_DIGEST}
    if rest == {OID_SIGNING_CERTIFICATE_V2}:
        allowed = _signing_certificates(certificate)
    elif plain and not rest:
        allowed = (b"",)
    elif plain and rest == {OID_REVOCATION}:
        allowed = (_attribute(OID_REVOCATION, _revocation_in(found)),)
    else:
        raise ValueError("other signed attributes than those of a document's hash")
    # Compared as a whole: so no byte is left that the checks above did not look at.
    if all(attributes != der.encode_set_of(der.SET, *required, *filter(None, (last,))) for last in allowed):
        raise ValueError("signed attributes of another form, or for another certificate")
    return digest


def is_for_hashes(certificate: x509.Certificate) -> bool:
    """Whether a certificate is marked as one for hashes, which its key signs for adapters."""
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return any(policy.policy_identifier.dotted_string == HASH_POLICY_OID for policy in policies)


def _read(attributes: bytes) -> dict[bytes, bytes]:
    """Attribute type -> its one value, both encoded."""
    found: dict[bytes, bytes] = {}
    for attribute in der.read_only(attributes).expect(der.SET).children():
        kind, values = attribute.expect(der.SEQUENCE).children()
        (value,) = values.expect(der.SET).children()
        if kind.expect(der.OID).whole in found:
            raise der.DerError("an attribute twice")
        found[kind.whole] = value.whole
    return found


def _digest_in(found: dict[bytes, bytes]) -> bytes:
    if OID_MESSAGE_DIGEST not in found:
        raise ValueError("no message digest")
    digest = der.read_only(found[OID_MESSAGE_DIGEST]).expect(der.OCTET_STRING).content
    if len(digest) != _DIGEST_BYTES:
        raise ValueError("the message digest is no SHA-256")
    return digest


def _revocation_in(found: dict[bytes, bytes]) -> bytes:
    """The value of adbe-revocation: at most CRLs, OCSP responses and others, each once and in this order."""
    value = found[OID_REVOCATION]
    parts = der.read_only(value).expect(der.SEQUENCE).children()
    tags = [part.tag for part in parts]
    if not tags or tags != [tag for tag in _REVOCATION_PARTS if tag in tags]:
        raise ValueError("no revocation data")
    for part in parts:
        (listed,) = part.children()
        for one in listed.expect(der.SEQUENCE).children():
            one.expect(der.SEQUENCE)
    return value


@lru_cache(maxsize=8)
def _signing_certificates(certificate: bytes) -> tuple[bytes, ...]:
    """The attribute without issuerSerial, and with it. SHA-256 is the default, which DER leaves out."""
    body = der.read_only(certificate).children()[0].children()
    serial, issuer = body[1].expect(der.INTEGER).whole, body[3].whole
    own = der.encode(der.OCTET_STRING, hashlib.sha256(certificate).digest())
    names = der.encode(der.SEQUENCE, der.encode(0xA4, issuer))
    forms = (own, own + der.encode(der.SEQUENCE, names, serial))
    return tuple(
        _attribute(OID_SIGNING_CERTIFICATE_V2, _in_sequences(der.encode(der.SEQUENCE, form)))
        for form in forms
    )


def _in_sequences(identity: bytes) -> bytes:
    """SigningCertificateV2 with one ESSCertIDv2 (RFC 5035 clause 3)."""
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, identity))


def _attribute(kind: bytes, value: bytes) -> bytes:
    return der.encode(der.SEQUENCE, kind, der.encode(der.SET, value))
