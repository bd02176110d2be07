"""Makes the CMS of a stamp: SignedData for PAdES B-T (ETSI EN 319 142-1) from a template.

The sealer signs the attributes with a key of its own (`build_cms`). The adapter has none: it sends the
attributes (`signed_attributes`), and puts the signature that it gets into the structure (`assemble_cms`).

Only four things differ from stamp to stamp: digest, signature, time-stamp token, and the lengths around
them. The rest is encoded once for each key. The tests compare with pyHanko's validator and with
`openssl cms -verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from meterai.signatures import der
from meterai.signatures.signed_data import (
    OID_CONTENT_TYPE,
    OID_DATA,
    OID_MESSAGE_DIGEST,
    OID_SHA256,
    OID_SIGNED_DATA,
    OID_SIGNING_CERTIFICATE_V2,
    OID_TIME_STAMP_TOKEN,
)
from meterai.stamping.signer.time_stamp_client import Timestamper

_NULL = der.encode(der.NULL)
_SHA256 = der.encode(der.SEQUENCE, OID_SHA256)
_VERSION_1 = der.encode_integer(1)
_SIGNATURE_ALGORITHMS = {
    "rsa": der.encode(der.SEQUENCE, der.encode_oid("1.2.840.113549.1.1.11"), _NULL),
    "ecdsa": der.encode(der.SEQUENCE, der.encode_oid("1.2.840.10045.4.3.2")),
}
_MARK = bytes.fromhex("a5" * 32)


class _Template(NamedTuple):
    attributes_before: bytes
    """Signed attributes up to the digest, as the SET that is signed."""
    attributes_after: bytes
    signer_before: bytes
    """Content of SignerInfo before the signed attributes."""
    data_before: bytes
    """Content of SignedData before the signer infos."""


class SealingKey(Protocol):
    """The part of a key device that is needed here. (Only the signer imports `private_keys`.)"""

    @property
    def certificates(self) -> tuple[bytes, ...]: ...

    @property
    def algorithm(self) -> str: ...

    async def sign(self, digest: bytes) -> bytes: ...


async def build_cms(digest: bytes, key: SealingKey, timestamper: Timestamper) -> bytes:
    """Makes the DER of the CMS over a document digest (SHA-256 over the byte range), with an RFC 3161 token.

    If the time stamper returns an empty token, the signature has none (PAdES B-B).

    Raises: Refusal UNAVAILABLE `tsa.unavailable` or `tsa.bad_token`; what the key raises.
    """
    attributes = signed_attributes(digest, key.certificates)
    signature = await key.sign(hashlib.sha256(attributes).digest())
    token = await timestamper.stamp(hashlib.sha256(signature).digest())
    return assemble_cms(attributes, signature, token, certificates=key.certificates, algorithm=key.algorithm)


def signed_attributes(digest: bytes, certificates: Sequence[bytes]) -> bytes:
    """Makes the DER of the SET that is signed: content type, message digest, signing-certificate-v2.

    `digest`: SHA-256 over the byte range. `certificates`: DER, the signer's first.
    """
    template = _make_template(tuple(certificates))
    return template.attributes_before + digest + template.attributes_after


def assemble_cms(
    attributes: bytes, signature: bytes, token: bytes, *, certificates: Sequence[bytes], algorithm: str
) -> bytes:
    """Puts signed attributes, their signature and its time-stamp token together (RFC 5652 clause 5.1).

    `algorithm`: `rsa` (PKCS#1 v1.5) or `ecdsa`, with SHA-256. An empty token: the signature has none.
    """
    template = _make_template(tuple(certificates))
    signer = der.encode(
        der.SEQUENCE,
        template.signer_before,
        b"\xa0" + attributes[1:],  # [0] IMPLICIT SET: signed with the tag of a SET (RFC 5652 clause 5.4)
        _SIGNATURE_ALGORITHMS[algorithm],
        der.encode(der.OCTET_STRING, signature),
        *([der.encode(0xA1, _attribute(OID_TIME_STAMP_TOKEN, token))] if token else []),
    )
    data = der.encode(der.SEQUENCE, template.data_before, der.encode(der.SET, signer))
    return der.encode(der.SEQUENCE, OID_SIGNED_DATA, der.encode(0xA0, data))


def cms_bytes_max(certificates: Sequence[bytes], token_bytes_max: int) -> int:
    """Largest size of a CMS with this chain, for any key: the room needed in Contents."""
    attributes = signed_attributes(bytes(32), certificates)
    token = bytes(token_bytes_max)
    return len(assemble_cms(attributes, bytes(512), token, certificates=certificates, algorithm="rsa"))


@lru_cache(maxsize=8)
def _make_template(certificates: tuple[bytes, ...]) -> _Template:
    issuer, serial = _issuer_and_serial(certificates[0])
    attributes = der.encode_set_of(
        der.SET,
        _attribute(OID_CONTENT_TYPE, OID_DATA),
        _attribute(OID_MESSAGE_DIGEST, der.encode(der.OCTET_STRING, _MARK)),
        _attribute(OID_SIGNING_CERTIFICATE_V2, _signing_certificate(certificates[0], issuer, serial)),
    )
    before, mark, after = attributes.partition(_MARK)
    assert mark
    # The digest must not decide the order of the attributes: their lengths differ before it.
    assert len({len(item.whole) for item in der.read(attributes).children()}) == 3
    return _Template(
        attributes_before=before,
        attributes_after=after,
        signer_before=_VERSION_1 + der.encode(der.SEQUENCE, issuer, serial) + _SHA256,
        data_before=b"".join(
            (
                _VERSION_1,
                der.encode(der.SET, _SHA256),
                der.encode(der.SEQUENCE, OID_DATA),
                der.encode_set_of(0xA0, *certificates),
            )
        ),
    )


def _attribute(kind: bytes, value: bytes) -> bytes:
    return der.encode(der.SEQUENCE, kind, der.encode(der.SET, value))


def _signing_certificate(certificate: bytes, issuer: bytes, serial: bytes) -> bytes:
    """Makes ESS signing-certificate-v2 (RFC 5035 clause 3). SHA-256 is its default hash."""
    names = der.encode(der.SEQUENCE, der.encode(0xA4, issuer))
    identity = der.encode(
        der.SEQUENCE,
        der.encode(der.OCTET_STRING, hashlib.sha256(certificate).digest()),
        der.encode(der.SEQUENCE, names, serial),
    )
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, identity))


def _issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """Copies issuer name and serial number of a certificate as encoded there (RFC 5280 clause 4.1)."""
    body = der.read_only(certificate).children()[0].children()
    _version, serial, _algorithm, issuer = body[:4]
    return issuer.whole, serial.expect(der.INTEGER).whole
