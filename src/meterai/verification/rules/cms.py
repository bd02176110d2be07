"""The exact form of our own CMS signatures and time-stamp tokens.

A CMS structure (RFC 5652) has parts that no signature covers: the version, the identifier of the signer, the
algorithm identifiers, the order and choice of certificates, unsigned attributes. Whoever changes one of them
changes a released file without breaking a signature. So the structure is built again here from its covered
parts and must come out as the same bytes: then no byte of it is free.
"""

from __future__ import annotations

from typing import Any

import msgspec
from asn1crypto import algos, cms, core, tsp

SIGNED_DATA = "1.2.840.113549.1.7.2"
ID_DATA = "1.2.840.113549.1.7.1"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
TIME_STAMP_TOKEN = "1.2.840.113549.1.9.16.2.14"  # noqa: S105 - an object identifier
DIGESTS = ("sha256", "sha384", "sha512")
MECHANISMS = ("rsassa_pkcs1v15", "sha256_rsa", "sha384_rsa", "sha512_rsa")
ECDSA = ("sha256_ecdsa", "sha384_ecdsa", "sha512_ecdsa")


class FormError(Exception):
    """The structure is not exactly what RFC 5652 and our profile allow."""


class SignedForm(msgspec.Struct, frozen=True, kw_only=True):
    """The covered parts of a signature whose form is exact."""

    certificates: tuple[bytes, ...]
    """Every certificate inside, DER, the signer's first. Not yet checked against anything."""
    signed_attributes: bytes
    """DER of the signed attributes as SET OF: what the signature is over."""
    digest: str
    signature: bytes
    token: bytes | None
    """DER of the time-stamp token (ContentInfo), from the one unsigned attribute that is allowed."""
    content: bytes
    """The encapsulated content; empty for a detached signature."""


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element (ITU-T X.690, 8.1 and 10.1) with a one-byte tag."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def element_length(data: bytes) -> int:
    """Length of the DER element at the start of `data`, header included. Raises: FormError."""
    if len(data) < 2:
        raise FormError("too short")
    if data[1] < 0x80:
        return 2 + data[1]
    count = data[1] & 0x7F
    if not 1 <= count <= 4 or len(data) < 2 + count:
        raise FormError("length")
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def read_signature(content_info: bytes) -> SignedForm:
    """The parts of a detached document signature of ours.

    At most one unsigned attribute is allowed, a time-stamp token (RFC 3161, appendix A).
    Raises: FormError.
    """
    return _read(content_info, ID_DATA)


def read_token(content_info: bytes) -> SignedForm:
    """The parts of a time-stamp token: over an encapsulated TSTInfo, without unsigned attributes."""
    return _read(content_info, TST_INFO)


def token_info(form: SignedForm) -> tsp.TSTInfo:
    """The TSTInfo of a token."""
    return tsp.TSTInfo.load(form.content, strict=True)


def _read(data: bytes, content_type: str) -> SignedForm:
    try:
        return _read_exactly(data, content_type)
    except FormError:
        raise
    except Exception as error:
        # asn1crypto raises ValueError, TypeError, KeyError and others on hostile input; all mean the same.
        raise FormError(str(error)) from error


def _read_exactly(data: bytes, content_type: str) -> SignedForm:
    outer = cms.ContentInfo.load(data, strict=True)
    signed: Any = outer["content"]
    signer = _only(signed["signer_infos"])
    certificates = [choice.chosen.dump() for choice in signed["certificates"]]
    own = _signers_certificate(signed["certificates"], signer)
    content = signed["encap_content_info"]["content"]
    encapsulated = b"" if content_type == ID_DATA else bytes(content.contents)
    token = _token(signer) if content_type == ID_DATA else None
    form = SignedForm(
        certificates=(own.dump(), *(c for c in certificates if c != own.dump())),
        signed_attributes=der(0x31, signer["signed_attrs"].contents),
        digest=signer["digest_algorithm"]["algorithm"].native,
        signature=signer["signature"].native,
        token=token,
        content=encapsulated,
    )
    if _build(form, certificates, own, signed, content_type) != data:
        raise FormError("not the exact form")
    return form


def _only(values: Any) -> Any:
    if len(values) != 1:
        raise FormError(f"{len(values)} where one is expected")
    return values[0]


def _signers_certificate(choices: Any, signer: Any) -> Any:
    named = signer["sid"].chosen
    for choice in choices:
        certificate = choice.chosen
        if (
            choice.name == "certificate"
            and certificate.serial_number == named["serial_number"].native
            and certificate.issuer.dump() == named["issuer"].dump()
        ):
            return certificate
    raise FormError("signer's certificate missing")


def _token(signer: Any) -> bytes | None:
    unsigned = signer["unsigned_attrs"]
    if isinstance(unsigned, core.Void):
        return None
    attribute = _only(unsigned)
    if attribute["type"].dotted != TIME_STAMP_TOKEN:
        raise FormError("unsigned attribute")
    return bytes(_only(attribute["values"]).dump())


def _oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def _algorithm(identifier: Any, allowed: tuple[str, ...]) -> bytes:
    """The identifier, if it is one of the two encodings (parameters NULL or absent) that are allowed."""
    name = identifier["algorithm"].native
    if name not in allowed:
        raise FormError(f"algorithm {name}")
    oid = identifier["algorithm"].dump()
    raw = bytes(identifier.dump())
    if raw not in (der(0x30, oid, b"\x05\x00"), der(0x30, oid)):
        raise FormError("algorithm parameters")
    return raw


def _build(form: SignedForm, certificates: list[bytes], own: Any, signed: Any, content_type: str) -> bytes:
    signer = signed["signer_infos"][0]
    digest = _algorithm(signer["digest_algorithm"], DIGESTS)
    digests = _algorithm(_only(signed["digest_algorithms"]), (form.digest,))
    unsigned = b""
    if form.token is not None:
        unsigned = der(0xA1, der(0x30, _oid(TIME_STAMP_TOKEN), der(0x31, form.token)))
    info = der(
        0x30,
        der(0x02, b"\x01"),
        der(0x30, own.issuer.dump(), own["tbs_certificate"]["serial_number"].dump()),
        digest,
        der(0xA0, form.signed_attributes[_header_length(form.signed_attributes) :]),
        _algorithm(signer["signature_algorithm"], MECHANISMS + ECDSA),
        der(0x04, form.signature),
        unsigned,
    )
    detached = content_type == ID_DATA
    content = _oid(content_type) + (b"" if detached else der(0xA0, der(0x04, form.content)))
    body = der(
        0x30,
        der(0x02, b"\x01" if detached else b"\x03"),
        der(0x31, digests),
        der(0x30, content),
        der(0xA0, *certificates),
        der(0x31, info),
    )
    return der(0x30, _oid(SIGNED_DATA), der(0xA0, body))


def _header_length(data: bytes) -> int:
    return 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)


def digest_name(identifier: algos.DigestAlgorithm) -> str:
    """Name of a digest algorithm as hashlib knows it. Raises: FormError for one that we do not accept."""
    name = str(identifier["algorithm"].native)
    if name not in DIGESTS:
        raise FormError(f"digest {name}")
    return name
