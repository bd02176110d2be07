"""Finds out whether all readers must read a file alike. Runs in the jail.

A regular file is nothing but what its tables name (ISO 32000-2 clause 7.5): a header, objects, tables, ends.
Whatever else is in a file may be read by one program and skipped by another. Such files are not refused here:
they are compared (`stamping/in_jail/comparison.py`).

The file is walked once, from object to object. A stream is jumped over by its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import pikepdf

from meterai.pdf.opening.sections import Irregular, Section, read_stream_section, read_table

_BLANK = rb"[\0\t\n\f\r ]"
_GAP = re.compile(rb"(?:%s+|%%(?!PDF-|%%EOF)[^\r\n]*)*" % _BLANK)
_HEADER = re.compile(rb"%PDF-[^\r\n]*")
_OBJECT = re.compile(rb"(\d{1,10})%s+(\d{1,5})%s+obj(?![a-z])" % (_BLANK, _BLANK))
_STREAM = re.compile(rb">>%s*stream(?:\r\n|\n)" % _BLANK)
_END_OF_STREAM = re.compile(rb"(?:\r\n|\n|\r)?endstream%s+endobj" % _BLANK)
_LENGTH = re.compile(rb"/Length%s+(\d+)(?:%s+(\d+)%s+R)?" % (_BLANK, _BLANK, _BLANK))
_END = re.compile(rb"startxref%s+(\d+)%s+%%%%EOF" % (_BLANK, _BLANK))
_REFERENCE = re.compile(rb"(?<!\d)(\d{1,10})%s+(\d{1,5})%s+R(?![A-Za-z])" % (_BLANK, _BLANK))
_LATER_REFERENCE = re.compile(rb"(?<!\d)(\d{1,10})%s+(0*[1-9]\d{0,4})%s+R(?![A-Za-z])" % (_BLANK, _BLANK))
"""A reference to another generation than the first."""
_KIND = re.compile(rb"/Type%s*/(XRef|ObjStm)(?![A-Za-z])" % _BLANK)


class _Body(NamedTuple):
    """What the walk has found."""

    objects: dict[int, tuple[int, int]]
    """Number and generation of each object by its place."""
    sections: dict[int, Section]
    """Cross-reference sections by their place."""
    packed: list[tuple[int, int]]
    """Number and place of each object stream."""
    texts: list[tuple[int, int]]
    """Where the text of each object lies, without the content of streams."""
    start: int
    """What the last `startxref` says."""


def irregularity(data: bytes, pdf: pikepdf.Pdf) -> str:
    """What makes a file irregular, in a few words for the log and the tests; empty for a regular file.

    `pdf`: the file as qpdf reads it, which gives lengths that are objects of their own, and unpacks.
    """
    try:
        body = _Walk(data, pdf).run()
        current = _chain(body)
        _check_entries(body)
        packed = [_check_packed(body, current, number, place, pdf) for number, place in body.packed]
        _check_references(current, [(data, *span) for span in body.texts] + [(p, 0, len(p)) for p in packed])
    except Irregular as found:
        return str(found)
    except (pikepdf.PikepdfError, ValueError):
        return "unreadable"
    return ""


class _Walk:
    """One way through the file."""

    def __init__(self, data: bytes, pdf: pikepdf.Pdf) -> None:
        self._data = data
        self._pdf = pdf
        self._body = _Body({}, {}, [], [], 0)
        self._next_stream = -1

    def run(self) -> _Body:
        header = _HEADER.match(self._data)
        if header is None:
            raise Irregular("bytes before the header")
        place, start = header.end(), None
        while (place := self._skip(place)) < len(self._data):
            if found := _OBJECT.match(self._data, place):
                place, start = self._object(found), None
            elif self._data.startswith(b"xref", place):
                self._body.sections[place], place = read_table(self._data, place)
                start = None
            elif end := _END.match(self._data, place):
                start, place = int(end[1]), end.end()
            else:
                second = self._data.startswith(b"%PDF-", place)
                raise Irregular("second header" if second else "bytes outside of objects")
        if start is None:
            raise Irregular("no end")
        return self._body._replace(start=start)

    def _skip(self, place: int) -> int:
        gap = _GAP.match(self._data, place)
        assert gap is not None
        return gap.end()

    def _object(self, found: re.Match[bytes]) -> int:
        """Notes the object and returns the place behind it."""
        number, place, start = int(found[1]), found.start(), found.end()
        self._body.objects[place] = (number, int(found[2]))
        data = self._data
        while True:
            if self._next_stream < start:
                at = data.find(b"stream", start)
                self._next_stream = at if at >= 0 else len(data)
            end = data.find(b"endobj", start, self._next_stream)
            if end >= 0:
                break
            keyword = self._stream_at(start)
            if keyword is not None:
                return self._stream(number, place, found.end(), keyword)
            if self._next_stream >= len(data):
                raise Irregular("object without an end")
            start = self._next_stream + 6
        if data.find(b"obj", found.end(), end) >= 0 and _OBJECT.search(data, found.end(), end):
            raise Irregular("object in an object")
        self._body.texts.append((found.end(), end))
        return end + 6

    def _stream_at(self, start: int) -> re.Match[bytes] | None:
        """The keyword of a stream, if that is what comes next."""
        at = self._next_stream
        behind = self._data.rfind(b">>", start, at)
        return _STREAM.match(self._data, behind) if behind >= 0 else None

    def _stream(self, number: int, place: int, start: int, keyword: re.Match[bytes]) -> int:
        """Jumps over a stream. Its dictionary lies between `start` and the keyword."""
        head = self._data[start : keyword.start() + 2]
        self._body.texts.append((start, keyword.start() + 2))
        end = _END_OF_STREAM.match(self._data, keyword.end() + self._length(head))
        if end is None:
            raise Irregular("length")
        kind = _KIND.search(head)
        if kind is not None and kind[1] == b"XRef":
            raw = self._data[keyword.end() : end.start()]
            self._body.sections[place] = read_stream_section(head, raw)
        elif kind is not None:
            self._body.packed.append((number, place))
        return end.end()

    def _length(self, head: bytes) -> int:
        stated = {found.groups() for found in _LENGTH.finditer(head)}
        if len(stated) != 1:
            raise Irregular("length")
        value, generation = stated.pop()
        if generation is None:
            return int(value)
        length: Any = self._pdf.get_object(int(value), int(generation))
        if not isinstance(length, int) or length < 0:
            raise Irregular("length")
        return length


def _chain(body: _Body) -> dict[int, tuple[int, int, int]]:
    """Follows the sections from the last one on. Returns the newest entry of each number."""
    current: dict[int, tuple[int, int, int]] = {}
    place: int | None = body.start
    waiting = set(body.sections)
    size = body.sections[place].size if place in waiting else 0
    while place is not None:
        if place not in waiting:
            raise Irregular("chain of tables")
        waiting.remove(place)
        section = body.sections[place]
        current = section.entries | current
        place = section.previous
    if waiting:
        raise Irregular("table that no other names")
    own = {number for number, (kind, at, _) in current.items() if kind == 1 and at in body.sections}
    if max(current.keys() - own, default=0) >= size:  # nothing refers to a section
        raise Irregular("object beyond the size")
    return current


def _check_entries(body: _Body) -> None:
    """Each entry leads to its object, and each object has an entry."""
    named = set[tuple[int, int]]()
    for section in body.sections.values():
        for number, (kind, place, generation) in section.entries.items():
            if kind == 1:
                if body.objects.get(place) != (number, generation):
                    raise Irregular("entry that leads elsewhere")
                named.add((number, place))
    for place, (number, _) in body.objects.items():
        if (number, place) not in named and place not in body.sections:  # which need not name themselves
            raise Irregular("object in no table")


def _check_packed(
    body: _Body, current: dict[int, tuple[int, int, int]], number: int, place: int, pdf: pikepdf.Pdf
) -> bytes:
    """The objects in an object stream (clause 7.5.7) are those that the tables look for there.

    Returns their text.
    """
    if current.get(number, (0, 0, 0))[:2] != (1, place):
        return b""  # an older revision of it, which nothing reads
    stream = pdf.get_object(number, 0)
    unpacked, first = stream.read_bytes(), int(stream["/First"])
    head = unpacked[:first].split()
    numbers = [int(item) for item in head[::2]]
    offsets = [int(item) for item in head[1::2]]
    if len(numbers) != int(stream["/N"]) or len(set(numbers)) < len(numbers):
        raise Irregular("number twice")
    if any(second <= first for first, second in pairwise(offsets)):
        raise Irregular("object stream out of order")
    listed = {
        (inside, index)
        for section in body.sections.values()
        for inside, (kind, holder, index) in section.entries.items()
        if kind == 2 and holder == number
    }
    if listed != {(inside, index) for index, inside in enumerate(numbers)}:
        raise Irregular("object stream unlike the table")
    return unpacked[first:]


def _check_references(
    current: dict[int, tuple[int, int, int]], texts: Iterable[tuple[bytes, int, int]]
) -> None:
    """Each reference names the generation that the tables name. Some readers do not look at it."""
    generations = {
        number: generation if kind == 1 else 0 for number, (kind, _, generation) in current.items() if kind
    }
    wanted = _REFERENCE if any(generations.values()) else _LATER_REFERENCE
    for text, start, end in texts:
        for found in wanted.finditer(text, start, end):
            number, generation = int(found[1]), int(found[2])
            if generations.get(number, generation) != generation:
                raise Irregular("reference to another generation")
