"""Reads cross-reference sections byte by byte (ISO 32000-2 clauses 7.5.4, 7.5.5, 7.5.8). Runs in the jail.

Strictly: what readers may take differently is irregular. qpdf and PDFium keep only what they have made of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pikepdf

_BLANK = rb"[\0\t\n\f\r ]"
_TABLE = re.compile(rb"xref%s+" % _BLANK)
_SUBSECTION = re.compile(rb"(\d{1,10}) (\d{1,10})%s+" % _BLANK)
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)")
_ENTRY_BYTES = 20
_TRAILER = re.compile(rb"%s*trailer(?=%s|<)" % (_BLANK, _BLANK))
_NUMBERS = {
    key: re.compile(rb"/%s%s+(\d+)" % (key, _BLANK)) for key in (b"Prev", b"Size", b"Columns", b"Predictor")
}
_ARRAYS = {key: re.compile(rb"/%s%s*\[([\d\s]*)\]" % (key, _BLANK)) for key in (b"W", b"Index")}
_FILTER = re.compile(rb"/Filter%s*\[?%s*/(\w+)" % (_BLANK, _BLANK))
_ENTRIES_MAX = 1_000_000


class Irregular(Exception):
    """The file is irregular; the text says what."""


class Section(NamedTuple):
    """A cross-reference section, and what its trailer says."""

    entries: dict[int, tuple[int, int, int]]
    """By object number: (1, place, generation), (2, object stream, index); or (0, ...) of a free one."""
    size: int
    previous: int | None


def read_table(data: bytes, place: int) -> tuple[Section, int]:
    """Reads a table with its trailer. Returns the place behind it. Raises: Irregular."""
    start = _TABLE.match(data, place)
    entries: dict[int, tuple[int, int, int]] = {}
    end = start.end() if start else place
    while head := _SUBSECTION.match(data, end):
        first, count, begin = int(head[1]), int(head[2]), head.end()
        end = begin + count * _ENTRY_BYTES
        rows = _ENTRY.findall(data, begin, end) if count <= _ENTRIES_MAX else []
        if len(rows) != count:
            raise Irregular("damaged table")
        for number, (at, generation, kind) in enumerate(rows, first):
            if number in entries:
                raise Irregular("number twice")
            entries[number] = (int(kind == b"n"), int(at), int(generation))
    trailer = _TRAILER.match(data, end)
    behind = data.find(b"startxref", end)
    if trailer is None or behind < 0:
        raise Irregular("damaged table")
    head_text = data[trailer.end() : behind]
    if b"/XRefStm" in head_text:
        raise Irregular("two tables for one revision")
    return _section(entries, head_text), behind


def read_stream_section(head: bytes, raw: bytes) -> Section:
    """Reads a section that is a stream. `head`: its dictionary. Raises: Irregular."""
    widths = _array(head, b"W")
    size = _number(head, b"Size")
    if len(widths) != 3 or max(widths) > 8 or size is None:
        raise Irregular("damaged table")
    ranges = _array(head, b"Index") or [0, size]
    rows = _unpacked(head, raw)
    step, entries = sum(widths), dict[int, tuple[int, int, int]]()
    if step < 1 or len(rows) != step * sum(ranges[1::2]) or len(rows) > step * _ENTRIES_MAX:
        raise Irregular("damaged table")
    numbers = (
        first + each for first, count in zip(ranges[::2], ranges[1::2], strict=True) for each in range(count)
    )
    second = widths[0] + widths[1]
    for each, at in zip(numbers, range(0, len(rows), step), strict=True):
        row = rows[at : at + step]
        kind = int.from_bytes(row[: widths[0]]) if widths[0] else 1
        if each in entries:
            raise Irregular("number twice")
        entries[each] = (kind, int.from_bytes(row[widths[0] : second]), int.from_bytes(row[second:]))
    return _section(entries, head)


def _section(entries: dict[int, tuple[int, int, int]], head: bytes) -> Section:
    size = _number(head, b"Size")
    if size is None:
        raise Irregular("damaged table")
    return Section(entries, size, _number(head, b"Prev"))


def _number(head: bytes, key: bytes) -> int | None:
    found = set(_NUMBERS[key].findall(head))
    if len(found) > 1:
        raise Irregular("damaged table")
    return int(found.pop()) if found else None


def _array(head: bytes, key: bytes) -> list[int]:
    found = _ARRAYS[key].findall(head)
    if len(found) > 1:
        raise Irregular("damaged table")
    return [int(item) for item in found[0].split()] if found else []


def _unpacked(head: bytes, raw: bytes) -> bytes:
    """The rows of the table, unpacked by qpdf."""
    name = _FILTER.search(head)
    if name is None:
        return raw
    with pikepdf.new() as scratch:
        stream = scratch.make_stream(raw)
        stream["/Filter"] = pikepdf.Name("/" + name[1].decode())
        predictor, columns = _number(head, b"Predictor"), _number(head, b"Columns")
        if predictor:
            stream["/DecodeParms"] = pikepdf.Dictionary(Predictor=predictor, Columns=columns or 1)
        return bytes(stream.read_bytes())
