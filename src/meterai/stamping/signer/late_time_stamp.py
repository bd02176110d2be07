"""Adds a time stamp after the release: PAdES B-B becomes B-T.

The token (RFC 3161) is an unsigned attribute of the signature (RFC 5652 clause 11.4; ETSI EN 319 122-1 clause
5.3). It lies in the gap that the byte range leaves out, so no signed byte changes. This works for the last
seal only: the next seal covers the gap of an earlier one.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography import x509

from meterai.kernel.refusals import Kind, Refusal
from meterai.signatures import der
from meterai.signatures.signed_data import OID_TIME_STAMP_TOKEN, read_signed_data
from meterai.stamping.signer.filling import fill
from meterai.stamping.signer.time_stamp_client import time_of


def cms_in(data: bytes, gap_start: int, gap_end: int) -> bytes:
    """Reads the CMS in the gap, without its padding. Raises: Refusal INVALID `seal.gap_mismatch`."""
    gap = data[gap_start:gap_end]
    try:
        if gap[:1] + gap[-1:] != b"<>":
            raise ValueError
        return der.read(bytes.fromhex(gap[1:-1].decode("ascii"))).whole
    except ValueError:
        raise Refusal(Kind.INVALID, "seal.gap_mismatch") from None


def has_time_stamp(cms: bytes) -> bool:
    """Whether one of our CMS contains a token."""
    return OID_TIME_STAMP_TOKEN in read_signed_data(cms).unsigned_attributes


def imprint_of(cms: bytes) -> bytes:
    """Makes the imprint for the authority: SHA-256 of the signature value."""
    return hashlib.sha256(read_signed_data(cms).signature).digest()


def comes_too_late(cms: bytes, token: bytes) -> bool:
    """Whether a certificate of the seal had ended when the token was made.

    Verifiers would then believe that the stamp was made after that end.
    """
    return time_of(token) > certificates_end(cms)


def certificates_end(cms: bytes) -> datetime:
    """When the first of a seal's certificates ends."""
    certificates = (x509.load_der_x509_certificate(item) for item in read_signed_data(cms).certificates)
    return min(certificate.not_valid_after_utc for certificate in certificates)


def add_time_stamp(data: bytes, gap_start: int, gap_end: int, token: bytes) -> bytes:
    """Returns the file with the token in its last seal.

    Raises: Refusal INVALID `seal.gap_mismatch`; UNAVAILABLE `seal.gap_too_small`.
    """
    cms = _with_token(cms_in(data, gap_start, gap_end), token)
    empty = b"<" + b"0" * (gap_end - gap_start - 2) + b">"
    return fill(data[:gap_start] + empty + data[gap_end:], gap_start, gap_end, cms)


def _with_token(cms: bytes, token: bytes) -> bytes:
    """Rebuilds the SignedData from the same parts, with the token after the signature."""
    kind, wrapped = der.read_only(cms).children()
    *before, signers = der.read(wrapped.content).children()
    (signer,) = signers.children()
    attribute = der.encode(der.SEQUENCE, OID_TIME_STAMP_TOKEN, der.encode(der.SET, token))
    signed = der.encode(der.SEQUENCE, signer.content, der.encode(0xA1, attribute))
    data = der.encode(der.SEQUENCE, *(part.whole for part in before), der.encode(der.SET, signed))
    return der.encode(der.SEQUENCE, kind.whole, der.encode(0xA0, data))
