"""Checks the strict shape of a signature's byte range.

Most published forgeries use it (universal signature forgery, signature wrapping). So only `[0 a b c]` is
accepted. The gap must be exactly one hex string, and must belong to this signature dictionary. The end must
be the end of a revision. ISO 32000-2, 12.8.1; ETSI EN 319 142-1, 5.3.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from pyhanko.pdf_utils import generic

_GAP = re.compile(rb"<([0-9a-f]*|[0-9A-F]*)>")
_END_OF_REVISION = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")


class ByteRange(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets in bytes. Signed are `[0, gap_start)` and `[gap_end, end)`."""

    gap_start: int
    gap_end: int
    end: int


class ShapeError(Exception):
    """The byte range or the gap does not have the accepted shape."""


def read_byte_range(data: bytes, numbers: object) -> ByteRange:
    """Checks `numbers` (the value of /ByteRange) against the file.

    Raises: ShapeError.
    """
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(type(n) is int for n in numbers):
        raise ShapeError("not four integers")
    first, length, second, rest = numbers
    if first != 0 or length <= 0 or rest <= 0 or second <= length or second + rest > len(data):
        raise ShapeError("offsets")
    if not _END_OF_REVISION.search(data, second + rest - 7, second + rest):
        raise ShapeError("not the end of a revision")
    return ByteRange(gap_start=length, gap_end=second, end=second + rest)


def was_moved(data: bytes, numbers: object, content: bytes) -> bool:
    """Whether a program wrote the whole file again: the numbers are those of a signature, but its hex string
    lies elsewhere. A forger leaves it where the signed bytes are."""
    if not isinstance(numbers, list) or len(numbers) != 4 or not all(type(n) is int for n in numbers):
        return False
    first, length, second, rest = numbers
    plain = first == 0 < length < second and rest > 0
    return plain and bool(content) and content.hex().encode() not in data[length:second].lower()


def gap_content(data: bytes, byte_range: ByteRange) -> bytes:
    """Decodes the hex string in the gap: DER and its padding.

    All digits must have the same case, or a flipped bit could turn `a` into `A` unnoticed.

    Raises: ShapeError.
    """
    found = _GAP.fullmatch(data, byte_range.gap_start, byte_range.gap_end)
    if found is None or len(found[1]) % 2:
        raise ShapeError("the gap is no hex string")
    return bytes.fromhex(found[1].decode())


def check_belongs(data: bytes, dictionary: Any, byte_range: ByteRange, content: bytes) -> None:
    """Checks that the gap is the /Contents of this dictionary, which must lie in the signed part.

    Otherwise a later revision could give a signed string a new dictionary, with another Reason.

    Raises: ShapeError.
    """
    if "/Contents" not in dictionary:
        raise ShapeError("no contents")
    value = dictionary.raw_get("/Contents")
    if getattr(value, "original_bytes", None) != content:
        raise ShapeError("contents are not the gap")
    reference = dictionary.container_ref
    if not isinstance(reference, generic.Reference):
        raise ShapeError("the signature is no object of its own")
    handler: Any = reference.get_pdf_handler()  # type: ignore[no-untyped-call]
    offset = handler.xrefs[reference]
    if not isinstance(offset, int) or not 0 < offset < byte_range.gap_start:
        raise ShapeError("the signature's object lies elsewhere")
    header = b"%d %d obj" % (reference.idnum, reference.generation)
    between = data[offset : byte_range.gap_start]
    if not between.startswith(header) or b"endobj" in between:
        raise ShapeError("the gap lies in another object")


def without_padding(content: bytes, der_length: int) -> bytes:
    """Returns the DER part of the gap. The rest must be zeros. Raises: ShapeError."""
    if der_length > len(content) or any(content[der_length:]):
        raise ShapeError("padding")
    return content[:der_length]
