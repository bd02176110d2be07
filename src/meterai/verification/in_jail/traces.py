"""Looks for whatever an electronic stamp leaves in a file, also in a file that strict readers refuse.

Many files that people bring carry no stamp: scans, letters, drafts. Some of them break a rule that only
strict readers know. There is no stamp in such a file if neither its bytes nor a tolerant reader show a trace
of one.
"""

from __future__ import annotations

import io
import re

import pikepdf

from meterai.pdf.signed.byte_range import was_moved
from meterai.signatures.stamp_names import serial_of

_SERIAL = rb"[0-9A-Z]{22}"
_STAMP = re.compile(
    rb"Emet" + _SERIAL + rb"|/Reason[\x00\t\n\f\r ]*\(\\?\[" + _SERIAL + rb"|/Reason <feff005b"
    rb"|0045006d00650074(?:00[3-5][0-9a-f]){22}"
)
"""The name of a stamp's field, or its Reason. The last two forms are UTF-16, as qpdf writes it."""
_STAMP_OR_SIGNATURE = re.compile(rb"/ByteRange|" + _STAMP.pattern)
_END = b"%%EOF"
_END_WITHIN = 1024
"""Readers look for the end of the file in as many bytes (ISO 32000-2, annex I)."""
_FAULTS = (pikepdf.PikepdfError, ValueError, TypeError, KeyError, RecursionError)


def shows_a_stamp(data: bytes) -> bool:
    """Whether anything in a file comes from a stamp, although its form has none."""
    if _STAMP.search(data):
        return True
    try:
        return _any_object(data, _STAMP)
    except _FAULTS:
        return False


def shows_a_moved_stamp(data: bytes) -> bool:
    """Whether a stamp is in a file that was written again: its signature lies elsewhere than it says."""
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False) as pdf:
            stamps = [item for item in pdf.objects if _is_stamp(item)]
            return bool(stamps) and all(_was_moved(data, stamp) for stamp in stamps)
    except _FAULTS:
        return False


def _is_stamp(item: object) -> bool:
    return (
        isinstance(item, pikepdf.Dictionary)
        and "/ByteRange" in item
        and bool(serial_of(str(item.get("/Reason", "")), ""))
    )


def _was_moved(data: bytes, stamp: pikepdf.Object) -> bool:
    numbers = [int(number) for number in stamp["/ByteRange"]]
    return was_moved(data, numbers, bytes(stamp["/Contents"]))


def shows_no_signature(data: bytes) -> bool:
    """Whether the whole file can be read, and nothing in it comes from a stamp or a signature.

    False is no proof of a stamp. A file that was cut off may have lost its stamp, which is at the end.
    """
    if _END not in data[-_END_WITHIN:] or _STAMP_OR_SIGNATURE.search(data):
        return False
    try:
        return not _any_object(data, _STAMP_OR_SIGNATURE)
    except _FAULTS:
        return False


def _any_object(data: bytes, trace: re.Pattern[bytes]) -> bool:
    """Whether qpdf finds a trace in any object. Raises: PikepdfError if an object can't be looked into."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True, inherit_page_attributes=False) as pdf:
        if not len(pdf.pages):
            raise pikepdf.PikepdfError("no pages")
        return any(_is_trace(item, trace) for item in pdf.objects)


def _is_trace(item: object, trace: re.Pattern[bytes]) -> bool:
    if isinstance(item, pikepdf.Stream):
        if item.stream_dict.get("/Type") == "/ObjStm":
            item.read_bytes()  # what is in it is among the objects, unless it is broken
        return bool(trace.search(item.stream_dict.unparse()))
    return isinstance(item, pikepdf.Object) and bool(trace.search(item.unparse(resolved=True)))
