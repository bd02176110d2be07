"""Reads files strictly with pyHanko, and quickly where they hold signatures.

pyHanko reads a hexadecimal string byte by byte, which takes longer than all other reading of a stamped file.
The object of a signature is therefore read from a copy of its text in which a short stand-in replaces the
long string. Afterwards the true bytes take its place. If anything about the object is unusual, pyHanko reads
all of it. The result is always what pyHanko would have read.

One thing is read that pyHanko refuses. Poppler (and so Okular) allocates a new number, frees it, and still
writes the object, under a generation that never began (ISO 32000-2, 7.3.10, 7.5.4). If nothing refers to that
number, no reader shows the object, and it counts as null here.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import binascii
import io
import re
import secrets
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import PdfFileReader

from meterai.pdf.opening.cross_references import named_numbers
from meterai.pdf.signed.revision_views import RevisionReader

CONTENTS = generic.pdf_name("/Contents")
_LONG_STRING = re.compile(rb"/Contents[\x00\t\n\f\r ]*<([0-9A-Fa-f]{1000,})>")
_WITHIN = 2000
"""How far behind the start of its object the string may begin. pyHanko reads other objects in full."""
_STAND_IN = b"\x30\x82" + secrets.token_bytes(32)
"""A stand-in that nobody can have written into a file, so that the string with this content is the one at
the gap."""
_REST_MAX = 20_000
_BEHIND = 16
"""pyHanko looks for the start of the next token after `endobj`."""


class Reader(RevisionReader):
    """A strict reader of `data`. Raises: whatever pyHanko raises on a file that it refuses."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.left_behind: frozenset[int] = frozenset()
        """Numbers of the objects that Poppler left behind."""
        try:
            super().__init__(io.BytesIO(data), strict=True)
        except PdfStrictReadError:
            tables, self.left_behind = _with_first_generations(data)
            if not self.left_behind:
                raise
            super().__init__(io.BytesIO(tables), strict=True)
            self.stream = io.BytesIO(data)
            if self._refers_to_left_behind():
                raise

    def _refers_to_left_behind(self) -> bool:
        """Whether anything in the file refers to one, in any revision and generation."""
        for revision in range(self.xrefs.total_revisions):
            section = self.xrefs.get_xref_data(revision)
            plain = {(number, generation) for number, (generation, _) in section.standard_xrefs.items()}
            packed = {(number, 0) for number in section.xrefs_in_objstm}
            waiting: list[Any] = [self.trailer.flatten(revision)]
            waiting += [self.get_object(generic.Reference(*r, self), revision) for r in plain | packed]
            while waiting:
                item = waiting.pop()
                if isinstance(item, generic.IndirectObject) and item.idnum in self.left_behind:
                    return True
                if isinstance(item, list | dict):
                    waiting += list.__iter__(item) if isinstance(item, list) else dict.values(item)
        return False

    def _read_object(self, ref: Any, marker: Any, *arguments: Any, **options: Any) -> Any:
        if ref.idnum in self.left_behind:
            nothing = generic.NullObject()
            nothing.container_ref = ref
            return nothing
        found = self._long_string(marker) if type(marker) is int else None
        if found is not None:
            short = self._read_short(ref, marker, found, arguments, options)
            if short is not None:
                return short
        return super()._read_object(ref, marker, *arguments, **options)

    def _long_string(self, start: int) -> re.Match[bytes] | None:
        position = self._data.find(b"/Contents", start, start + _WITHIN)
        return _LONG_STRING.match(self._data, position) if position >= 0 else None

    def _read_short(
        self, ref: Any, start: int, found: re.Match[bytes], arguments: Any, options: Any
    ) -> generic.DictionaryObject | None:
        """Reads the object with the stand-in; None if it must be read in full."""
        first, last = found.span(1)
        end = self._data.find(b"endobj", last, last + _REST_MAX)
        if end < 0 or len(found[1]) % 2:
            return None
        head, rest = self._data[start:first], self._data[last : end + len(b"endobj") + _BEHIND]
        whole, self.stream = self.stream, io.BytesIO(head + _STAND_IN.hex().encode() + rest)
        try:
            read = super()._read_object(ref, 0, *arguments, **options)
        except Exception:
            return None  # if it is broken, reading it in full says so
        finally:
            self.stream = whole
        if type(read) is not generic.DictionaryObject or not _is_stand_in(read.get(CONTENTS)):
            return None
        content = generic.ByteStringObject(binascii.unhexlify(found[1]))
        content.container_ref = read.container_ref
        read[CONTENTS] = content
        return read


def _with_first_generations(data: bytes) -> tuple[bytes, frozenset[int]]:
    """The file with tables that list Poppler's left-over objects under their first generation, and their
    numbers."""
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    xrefs = reader.xrefs
    tables = bytearray(data)
    known: set[int] = set()
    found: set[int] = set()
    for revision in range(xrefs.total_revisions):
        start = xrefs.get_startxref_for_revision(revision)
        for number, (generation, place) in xrefs.get_xref_data(revision).standard_xrefs.items():
            written = b"%010d %05d n" % (place, generation)
            if generation and number not in known and (entry := tables.find(written, start)) >= 0:
                tables[entry : entry + len(written)] = b"%010d 00000 n" % place
                found.add(number)
        known |= named_numbers(reader, revision)
    return bytes(tables), frozenset(found)


def _is_stand_in(value: Any) -> bool:
    return getattr(value, "original_bytes", None) == _STAND_IN
