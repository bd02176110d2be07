"""Reads the exact form of our own CMS signatures and time-stamp tokens.

A CMS structure (RFC 5652) has parts that no signature covers: the version, the signer's identifier, the
algorithm identifiers, the order and choice of certificates, unsigned attributes. Changing one of them would
change a released file without breaking a signature. This module therefore builds the structure again from its
covered parts and demands the same bytes, so that no byte is free. Around a hash that we signed, an adapter
builds the structure. There the order of the certificates and the name of the mechanism are free.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from meterai.signatures import der
from meterai.signatures.signed_data import (
    HASHES,
    OID_DATA,
    OID_SIGNED_DATA,
    OID_SIGNING_CERTIFICATE_V2,
    OID_TIME_STAMP_TOKEN,
    OID_TST_INFO,
)

OID_SIGNING_CERTIFICATE = der.encode_oid("1.2.840.113549.1.9.16.2.12")
OID_ALGORITHM_PROTECTION = der.encode_oid("1.2.840.113549.1.9.52")
DIGESTS = {oid: name for oid, (name, _) in HASHES.items()}
RSA = {
    der.encode_oid("1.2.840.113549.1.1.1"): "",
    der.encode_oid("1.2.840.113549.1.1.11"): "sha256",
    der.encode_oid("1.2.840.113549.1.1.12"): "sha384",
    der.encode_oid("1.2.840.113549.1.1.13"): "sha512",
}
"""RSA with PKCS #1 v1.5 (RFC 8017), and the digest that the identifier names. Empty: it names none."""
ECDSA = {
    der.encode_oid("1.2.840.10045.4.3.2"): "sha256",
    der.encode_oid("1.2.840.10045.4.3.3"): "sha384",
    der.encode_oid("1.2.840.10045.4.3.4"): "sha512",
}
"""RFC 5758."""
MECHANISMS = RSA | ECDSA

_NULL = der.encode(der.NULL)
_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,5}[1-9]))?Z")


class FormError(Exception):
    """The structure is not exactly what RFC 5652 and our profile allow."""


class SignedForm(msgspec.Struct, frozen=True, kw_only=True):
    """The covered parts of a signature whose form is exact."""

    certificates: tuple[bytes, ...]
    """Every certificate inside, DER, the signer's first. Not yet checked."""
    signed_attributes: bytes
    """The signed attributes as SET OF, DER: the bytes that are signed."""
    digest: str
    signature: bytes
    token: bytes | None
    """DER of the time-stamp token (ContentInfo), from the one unsigned attribute that is allowed."""
    content: bytes
    """The encapsulated content; empty for a detached signature."""
    mechanism: bytes
    """The signature algorithm's OID, encoded."""
    digest_algorithm: bytes
    signature_algorithm: bytes
    """The complete digest algorithm identifiers, DER; the signed attributes may repeat them (RFC 6211)."""


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a time-stamp token states (RFC 3161, 2.4.2)."""

    imprint_digest: str
    imprint: bytes
    time: datetime
    """UTC."""


class _Signer(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a SignerInfo (RFC 5652, 5.3)."""

    identifier: bytes
    digest: der.Element
    attributes: der.Element
    mechanism: der.Element
    signature: bytes
    token: bytes | None


def element_length(data: bytes) -> int:
    """Length of the DER element at the start of `data`, header included. Raises: FormError."""
    try:
        return der.read(data).end
    except der.DerError as error:
        raise FormError(str(error)) from error


def read_signature(content_info: bytes) -> SignedForm:
    """The parts of a detached document signature of ours.

    At most one unsigned attribute is allowed, a time-stamp token (RFC 3161, appendix A).
    Raises: FormError.
    """
    return _read(content_info, OID_DATA)


def read_hash_signature(content_info: bytes) -> SignedForm:
    """The parts of a detached signature that an adapter built around a hash that we signed.

    As `read_signature`, but the certificates have any order, and the mechanism may name no digest.
    Raises: FormError.
    """
    return _read(content_info, OID_DATA, by_adapter=True)


def read_token(content_info: bytes) -> SignedForm:
    """The parts of a time-stamp token: over an encapsulated TSTInfo, without unsigned attributes.

    Raises: FormError.
    """
    return _read(content_info, OID_TST_INFO)


def token_info(form: SignedForm) -> TokenInfo:
    """What a token states. Raises: FormError."""
    try:
        version, policy, imprint, number, time, *_ = _parts(der.read_only(form.content))
        algorithm, value = _parts(imprint)
        policy.expect(der.OID), number.expect(der.INTEGER)
        if version.whole != der.encode_integer(1):
            raise FormError("version of the token")
        return TokenInfo(
            imprint_digest=DIGESTS[_algorithm(algorithm)],
            imprint=value.expect(der.OCTET_STRING).content,
            time=_time(time.expect(der.GENERALIZED_TIME).content),
        )
    except (ValueError, KeyError) as error:
        raise FormError(str(error)) from error


def read_attributes(form: SignedForm) -> dict[bytes, der.Element]:
    """The signed attributes by encoded type; each has one value. Raises: FormError."""
    found: dict[bytes, der.Element] = {}
    try:
        for attribute in der.read_only(form.signed_attributes).expect(der.SET).children():
            kind, values = _parts(attribute)
            if kind.expect(der.OID).whole in found:
                raise FormError("signed attribute twice")
            found[kind.whole] = _only(values.expect(der.SET))
    except ValueError as error:
        raise FormError(str(error)) from error
    return found


def certificate_digest(attributes: dict[bytes, der.Element]) -> tuple[str, bytes] | None:
    """How the signed attributes name the signer's certificate: digest name and digest (RFC 5035, RFC 2634).

    Raises: FormError.
    """
    modern = attributes.get(OID_SIGNING_CERTIFICATE_V2)
    value = modern or attributes.get(OID_SIGNING_CERTIFICATE)
    if value is None:
        return None
    try:
        first = _parts(_parts(value.expect(der.SEQUENCE))[0])[0].expect(der.SEQUENCE).children()
        if modern is None:
            return "sha1", first[0].expect(der.OCTET_STRING).content
        if first[0].tag == der.OCTET_STRING:  # SHA-256 is the default and left out in DER
            return "sha256", first[0].content
        return DIGESTS[_algorithm(first[0])], first[1].expect(der.OCTET_STRING).content
    except (ValueError, KeyError, IndexError) as error:
        raise FormError(str(error)) from error


def same_algorithms(protection: der.Element, form: SignedForm) -> bool:
    """Whether the attribute that protects the algorithms names the ones that are used (RFC 6211). Raises:
    FormError."""
    try:
        digest, signature = _parts(protection)
    except ValueError as error:
        raise FormError(str(error)) from error
    return (digest.whole, b"\x30" + signature.whole[1:]) == (
        form.digest_algorithm,
        form.signature_algorithm,
    ) and signature.tag == 0xA1


def _read(data: bytes, content_type: bytes, *, by_adapter: bool = False) -> SignedForm:
    try:
        return _read_exactly(data, content_type, free=by_adapter or content_type != OID_DATA)
    except (ValueError, KeyError) as error:  # DerError, or another number of parts
        raise FormError(str(error)) from error


def _read_exactly(data: bytes, content_type: bytes, *, free: bool) -> SignedForm:
    """`free`: others built it, so the order of certificates and the mechanism's identifier are theirs."""
    _kind, wrapped = _parts(der.read_only(data))
    _version, digests, encapsulated, holder, signers = _parts(_only(wrapped))
    signer = _read_signer(_only(signers), detached=content_type == OID_DATA)
    certificates = [item.expect(der.SEQUENCE) for item in holder.children()]
    encoded = [item.whole for item in certificates]
    own = next((c for c in certificates if _issuer_and_serial(c) == signer.identifier), None)
    if own is None or len(set(encoded)) != len(encoded):
        raise FormError("the signer's certificate is missing, or one is there twice")
    mechanism = _algorithm(signer.mechanism)
    form = SignedForm(
        certificates=(own.whole, *(c for c in encoded if c != own.whole)),
        signed_attributes=der.encode(der.SET, signer.attributes.content),
        digest=DIGESTS[_algorithm(signer.digest)],
        signature=signer.signature,
        token=signer.token,
        content=b"" if content_type == OID_DATA else _content(encapsulated),
        mechanism=mechanism,
        digest_algorithm=signer.digest.whole,
        signature_algorithm=signer.mechanism.whole,
    )
    # Nothing signs this identifier: in our own signatures it has one form.
    if MECHANISMS[mechanism] not in (form.digest, *("",) * free):
        raise FormError("the signature names another digest")
    if not free and sorted(encoded) != encoded:
        raise FormError("the certificates are not in the order of DER")
    if DIGESTS[_algorithm(_only(digests))] != form.digest:
        raise FormError("digest algorithms")
    if _build(form, encoded, signer.identifier, _only(digests).whole, content_type) != data:
        raise FormError("not the exact form")
    return form


def _read_signer(signer: der.Element, *, detached: bool) -> _Signer:
    _version, identifier, digest, attributes, mechanism, signature, *unsigned = _parts(signer)
    if len(unsigned) > 1 or (unsigned and not detached):
        raise FormError("unsigned attributes")
    return _Signer(
        identifier=identifier.whole,
        digest=digest,
        attributes=attributes,
        mechanism=mechanism,
        signature=signature.expect(der.OCTET_STRING).content,
        token=_token(unsigned[0]) if unsigned else None,
    )


def _token(unsigned: der.Element) -> bytes:
    kind, values = _parts(_only(unsigned))
    if kind.whole != OID_TIME_STAMP_TOKEN:
        raise FormError("unsigned attribute")
    return _only(values).whole


def _content(encapsulated: der.Element) -> bytes:
    _kind, wrapped = _parts(encapsulated)
    return _only(wrapped).expect(der.OCTET_STRING).content


def _parts(holder: der.Element) -> list[der.Element]:
    return holder.expect(der.SEQUENCE).children()


def _only(holder: der.Element) -> der.Element:
    (found,) = holder.children()
    return found


def _issuer_and_serial(certificate: der.Element) -> bytes:
    """The identifier by which CMS names a certificate (RFC 5652, 10.2.4), taken from the certificate
    itself."""
    to_be_signed, *_ = _parts(certificate)
    first, *others = _parts(to_be_signed)
    # The version may be left out: it is 1 then.
    number, _signature, issuer, *_ = others if first.tag == 0xA0 else (first, *others)
    return der.encode(der.SEQUENCE, issuer.whole, number.whole)


def _algorithm(identifier: der.Element) -> bytes:
    """The encoded algorithm in one of its two allowed encodings: parameters NULL or absent."""
    oid, *parameters = _parts(identifier)
    if [item.whole for item in parameters] not in ([], [_NULL]):
        raise FormError("algorithm parameters")
    return oid.expect(der.OID).whole


def _build(
    form: SignedForm, certificates: list[bytes], identifier: bytes, digests: bytes, content_type: bytes
) -> bytes:
    detached = content_type == OID_DATA
    token = b""
    if form.token is not None:
        values = der.encode(der.SET, form.token)
        token = der.encode(0xA1, der.encode(der.SEQUENCE, OID_TIME_STAMP_TOKEN, values))
    info = der.encode(
        der.SEQUENCE,
        der.encode_integer(1),
        identifier,
        form.digest_algorithm,
        b"\xa0" + form.signed_attributes[1:],
        form.signature_algorithm,
        der.encode(der.OCTET_STRING, form.signature),
        token,
    )
    content = b"" if detached else der.encode(0xA0, der.encode(der.OCTET_STRING, form.content))
    body = der.encode(
        der.SEQUENCE,
        der.encode_integer(1 if detached else 3),
        der.encode(der.SET, digests),
        der.encode(der.SEQUENCE, content_type, content),
        der.encode(0xA0, *certificates),
        der.encode(der.SET, info),
    )
    return der.encode(der.SEQUENCE, OID_SIGNED_DATA, der.encode(0xA0, body))


def _time(text: bytes) -> datetime:
    """Parses a GeneralizedTime of RFC 3161, 2.4.2: UTC, no trailing zeros in the fraction."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise FormError("time of the token")
    whole = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return whole.replace(microsecond=int((found[2] or b"0").ljust(6, b"0")))
