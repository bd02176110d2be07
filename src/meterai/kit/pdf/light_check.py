"""The check after sealing: a second parser opens the file, and our signature holds over its bytes.

A valid signature is no proof that the page is sound, so qpdf walks the pages as well. The public verifier
does the whole of it; this costs a fraction. Runs in the jail.
"""

from __future__ import annotations

import hashlib
import io
import re

import msgspec
import pikepdf
from cryptography import x509

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.pdf import der
from meterai.kit.pdf.limits import DEFAULT_LIMITS
from meterai.kit.pdf.signed_data import OID_SHA256, OID_TIME_STAMP_TOKEN, read_signed_data, signature_is_valid
from meterai.kit.pdf.structure import walk_pages

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[0 (\d+) (\d+) (\d+)\s*\]")


class LightCheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed file and what must be true of its last seal."""

    data: bytes
    serial: str
    pages: int
    gap_start: int
    gap_end: int
    certificate: bytes
    """The stamp signer's certificate (DER)."""


class LightCheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the check passed; a failed one is a refusal."""

    size_bytes: int
    sha256: str


def light_check(request: LightCheckRequest) -> LightCheckResult:
    """Checks a file that was sealed a moment ago.

    Raises: Refusal CONFLICT `seal.unsound` with `what`: byte_range, signature, time_stamp, pages, field. The
    file must not be released; it is a fault of ours, not of the customer's file.
    """
    signed_digest = _check_byte_range(request)
    _check_signature(request, signed_digest)
    _check_structure(request)
    return LightCheckResult(size_bytes=len(request.data), sha256=hashlib.sha256(request.data).hexdigest())


def _unsound(what: str) -> Refusal:
    return Refusal(Kind.CONFLICT, "seal.unsound", what=what)


def _check_byte_range(request: LightCheckRequest) -> bytes:
    """`[0 a b c]`: the gap is exactly the contents, and the rest reaches the end. Returns the digest."""
    data, start, end = request.data, request.gap_start, request.gap_end
    near = _BYTE_RANGE.search(data, max(0, start - 2000), min(len(data), end + 2000))
    if near is None or tuple(map(int, near.groups())) != (start, end, len(data) - end):
        raise _unsound("byte_range")
    if data[start : start + 1] != b"<" or data[end - 1 : end] != b">":
        raise _unsound("byte_range")
    digest = hashlib.sha256(memoryview(data)[:start])
    digest.update(memoryview(data)[end:])
    return digest.digest()


def _check_signature(request: LightCheckRequest, digest: bytes) -> None:
    contents = bytes.fromhex(request.data[request.gap_start + 1 : request.gap_end - 1].decode("ascii"))
    try:
        signed = read_signed_data(der.read(contents).whole)
    except der.DerError:
        raise _unsound("signature") from None
    certificate = x509.load_der_x509_certificate(request.certificate)
    if signed.digest_oid != OID_SHA256 or not signature_is_valid(signed, certificate, digest):
        raise _unsound("signature")
    if OID_TIME_STAMP_TOKEN not in signed.unsigned_attributes:
        raise _unsound("time_stamp")


def _check_structure(request: LightCheckRequest) -> None:
    try:
        pdf = pikepdf.open(io.BytesIO(request.data), suppress_warnings=True)
        pages = len(walk_pages(pdf, DEFAULT_LIMITS))
        names = [str(field.get("/T")) for field in pdf.Root["/AcroForm"]["/Fields"]]
    except (pikepdf.PdfError, KeyError, TypeError):
        raise _unsound("pages") from None
    if pages != request.pages or pdf.get_warnings():
        raise _unsound("pages")
    if names.count(f"Emet{request.serial}") != 1:
        raise _unsound("field")
