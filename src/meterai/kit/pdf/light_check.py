"""The check after sealing: a second parser opens the file, and our signature holds over its bytes.

A valid signature is no proof that the page is sound, so qpdf walks the pages as well. The public verifier
does the whole of it; this costs a fraction. Runs in the jail.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any, NamedTuple

import msgspec
import pikepdf
from cryptography import x509

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.pdf import der
from meterai.kit.pdf.limits import DEFAULT_LIMITS
from meterai.kit.pdf.signed_data import OID_SHA256, OID_TIME_STAMP_TOKEN, read_signed_data, signature_is_valid
from meterai.kit.pdf.structure import walk_pages


class LightCheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed file and what must be true of it."""

    data: bytes
    certificate: bytes
    """The stamp signer's certificate (DER)."""
    pages: int
    serials: list[str]
    """Of all its seals, in the order of sealing."""


class LightCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the check passed; a failed one is a refusal."""

    size_bytes: int


class _SealValues(NamedTuple):
    """Of a signature dictionary, as the second parser read it."""

    byte_range: list[Any]
    contents: bytes


class _Range(NamedTuple):
    """A byte range `[0 gap_start gap_end rest]`."""

    gap_start: int
    gap_end: int
    rest: int


def light_check(request: LightCheckRequest) -> LightCheck:
    """Checks a file that was sealed a moment ago.

    Raises: Refusal CONFLICT `seal.unsound` with `what`: pages, field, byte_range, signature, time_stamp. The
    file must not be released; it is a fault of ours, not of the customer's file.
    """
    certificate = x509.load_der_x509_certificate(request.certificate)
    seals = _read_seals(request)
    end = 0
    for signature in seals:
        covered = _check_byte_range(signature, request.data)
        if covered.gap_start < end:  # each seal covers the ones before it
            raise _unsound("byte_range")
        _check_signature(request.data, covered, certificate)
        end = covered.gap_end + covered.rest
    if end != len(request.data):
        raise _unsound("byte_range")
    return LightCheck(size_bytes=len(request.data))


def _unsound(what: str) -> Refusal:
    return Refusal(Kind.CONFLICT, "seal.unsound", what=what)


def _read_seals(request: LightCheckRequest) -> list[_SealValues]:
    """The signature dictionaries of the serials, in order, as qpdf finds them; and no other field."""
    try:
        pdf = pikepdf.open(io.BytesIO(request.data), suppress_warnings=True)
        pages = len(walk_pages(pdf, DEFAULT_LIMITS))
        fields = {str(field["/T"]): field["/V"] for field in pdf.Root["/AcroForm"]["/Fields"]}
    except (pikepdf.PdfError, Refusal):
        raise _unsound("pages") from None
    except (KeyError, TypeError):
        raise _unsound("field") from None
    if pages != request.pages or pdf.get_warnings():
        raise _unsound("pages")
    if list(fields) != [f"Emet{serial}" for serial in request.serials]:
        raise _unsound("field")
    return [_SealValues(list(value["/ByteRange"]), bytes(value["/Contents"])) for value in fields.values()]


def _check_byte_range(signature: _SealValues, data: bytes) -> _Range:
    """`[0 a b c]`: the gap is exactly the hex string of the contents, what follows ends a revision."""
    numbers = [int(number) for number in signature.byte_range]
    if len(numbers) != 4 or numbers[0] != 0 or not 0 < numbers[1] < numbers[2] <= len(data) - numbers[3]:
        raise _unsound("byte_range")
    covered = _Range(*numbers[1:])
    gap = data[covered.gap_start : covered.gap_end]
    if gap[:1] + gap[-1:] != b"<>" or bytes.fromhex(gap[1:-1].decode("latin-1")) != signature.contents:
        raise _unsound("byte_range")
    end = covered.gap_end + covered.rest
    if not data[end - 8 : end].rstrip().endswith(b"%%EOF"):
        raise _unsound("byte_range")
    return covered


def _check_signature(data: bytes, covered: _Range, certificate: x509.Certificate) -> None:
    view = memoryview(data)
    digest = hashlib.sha256(view[: covered.gap_start])
    digest.update(view[covered.gap_end : covered.gap_end + covered.rest])
    contents = bytes.fromhex(data[covered.gap_start + 1 : covered.gap_end - 1].decode("ascii"))
    try:
        signed = read_signed_data(der.read(contents).whole)
    except der.DerError:
        raise _unsound("signature") from None
    if signed.digest_oid != OID_SHA256 or not signature_is_valid(signed, certificate, digest.digest()):
        raise _unsound("signature")
    if OID_TIME_STAMP_TOKEN not in signed.unsigned_attributes:
        raise _unsound("time_stamp")
