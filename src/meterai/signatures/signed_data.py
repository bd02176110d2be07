"""Reads a CMS SignedData (RFC 5652) with one signer and checks its signature under a given certificate.

It does not decide whether the certificate can be trusted.
"""

from __future__ import annotations

from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from meterai.signatures import der
from meterai.signatures.public_keys import has_signed

OID_SIGNED_DATA = der.encode_oid("1.2.840.113549.1.7.2")
OID_DATA = der.encode_oid("1.2.840.113549.1.7.1")
OID_CONTENT_TYPE = der.encode_oid("1.2.840.113549.1.9.3")
OID_MESSAGE_DIGEST = der.encode_oid("1.2.840.113549.1.9.4")
OID_SIGNING_CERTIFICATE_V2 = der.encode_oid("1.2.840.113549.1.9.16.2.47")
OID_TIME_STAMP_TOKEN = der.encode_oid("1.2.840.113549.1.9.16.2.14")
OID_TST_INFO = der.encode_oid("1.2.840.113549.1.9.16.1.4")
OID_SHA256 = der.encode_oid("2.16.840.1.101.3.4.2.1")
HASHES: dict[bytes, tuple[str, type[hashes.HashAlgorithm]]] = {
    OID_SHA256: ("sha256", hashes.SHA256),
    der.encode_oid("2.16.840.1.101.3.4.2.2"): ("sha384", hashes.SHA384),
    der.encode_oid("2.16.840.1.101.3.4.2.3"): ("sha512", hashes.SHA512),
}


class SignedData(NamedTuple):
    """The parts of a SignedData that the checks need."""

    content_type: bytes
    """OID, encoded."""
    content: bytes | None
    """The encapsulated content, None when detached."""
    certificates: list[bytes]
    issuer_and_serial: bytes
    digest_oid: bytes
    signed_attributes: dict[bytes, bytes]
    """Encoded OID -> its one value, encoded."""
    to_be_signed: bytes
    """The signed attributes as the SET that is signed (clause 5.4)."""
    signature: bytes
    unsigned_attributes: dict[bytes, bytes]


def read_signed_data(source: bytes) -> SignedData:
    """Reads a ContentInfo. Raises: DerError unless it is a SignedData with exactly one signer."""
    try:
        return _read(source)
    except (ValueError, IndexError) as error:  # too few or too many parts
        raise der.DerError(str(error)) from None


def _read(source: bytes) -> SignedData:
    kind, wrapped = der.read_only(source).expect(der.SEQUENCE).children()
    if kind.whole != OID_SIGNED_DATA:
        raise der.DerError("no SignedData")
    _version, _digests, encapsulated, *rest = der.read(wrapped.content).expect(der.SEQUENCE).children()
    content_kind, *content = encapsulated.children()
    certificates = [item.whole for part in rest if part.tag == 0xA0 for item in part.children()]
    (signer,) = rest[-1].expect(der.SET).children()
    _version, identity, digest, attributes, _algorithm, signature, *unsigned = signer.children()
    attributes.expect(0xA0)
    return SignedData(
        content_type=content_kind.whole,
        content=der.read(content[0].content).expect(der.OCTET_STRING).content if content else None,
        certificates=certificates,
        issuer_and_serial=identity.whole,
        digest_oid=digest.children()[0].whole,
        signed_attributes=_attributes(attributes),
        to_be_signed=b"\x31" + attributes.whole[1:],
        signature=signature.expect(der.OCTET_STRING).content,
        unsigned_attributes=_attributes(unsigned[0].expect(0xA1)) if unsigned else {},
    )


def _attributes(holder: der.Element) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for attribute in holder.children():
        kind, values = attribute.children()
        (value,) = values.children()
        if kind.whole in found:
            raise der.DerError("an attribute twice")
        found[kind.whole] = value.whole
    return found


def signature_is_valid(signed: SignedData, certificate: x509.Certificate, content_digest: bytes) -> bool:
    """Whether `certificate`'s key signed these attributes and they name `content_digest` (clause 5.4).

    `content_digest` uses the hash that the SignedData names. Only SHA-256, -384 and -512 are accepted.
    """
    named = HASHES.get(signed.digest_oid)
    if named is None or signed.signed_attributes.get(OID_MESSAGE_DIGEST) != der.encode(
        der.OCTET_STRING, content_digest
    ):
        return False
    if signed.signed_attributes.get(OID_CONTENT_TYPE) != signed.content_type:
        return False
    return has_signed(certificate.public_key(), signed.signature, signed.to_be_signed, named[1]())
