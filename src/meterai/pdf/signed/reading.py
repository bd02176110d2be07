"""Reads files strictly with pyHanko, and quickly where they hold signatures.

pyHanko reads a hexadecimal string byte by byte, which takes longer than all other reading of a stamped file.
The object of a signature is therefore read from a copy of its text in which a short stand-in replaces the
long string. Afterwards the true bytes take its place. If anything about the object is unusual, pyHanko reads
all of it. The result is always what pyHanko would have read.

Some things are read that pyHanko refuses, if `accepted_tables` proves them harmless. Poppler (and so Okular)
allocates a new number, frees it, and still writes the object, under a generation that never began (ISO
32000-2, 7.3.10, 7.5.4). If nothing refers to that number, no reader shows the object, and it counts as null
here. So does an object that is not there.

Stamping and judging both read signed files with this reader. So a file that is stamped can also be judged.
"""

# mypy: disallow-untyped-calls=False
# pyHanko types only part of its own functions.

from __future__ import annotations

import binascii
import io
import re
import secrets
from contextlib import suppress
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.xref import XRefBuilder, XRefCache

from meterai.pdf.signed.accepted_tables import (
    Sections,
    check_mended,
    give_first_generations,
    is_hybrid,
    with_usual_free_entries,
    without_hybrids,
)
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
        self.hybrid_revisions: frozenset[int] = frozenset()
        """Revisions whose section was a table and a stream; they agree."""
        try:
            super().__init__(io.BytesIO(data), strict=True)
        except PdfStrictReadError as error:
            self._open_mended(data, error)
        sections = self.xrefs._xref_sections
        self.hybrid_revisions = frozenset(n for n, section in enumerate(sections) if is_hybrid(section))
        if self.hybrid_revisions:
            sections = without_hybrids(self, data)
        self.xrefs = Sections(self, sections)

    def _open_mended(self, data: bytes, error: PdfStrictReadError) -> None:
        """Reads each section as strictly. They are mended before they are compared.

        Raises: `error` if one of them can't be read, or anything refers to what Poppler left behind.
        """
        super().__init__(io.BytesIO(data), strict=False)
        self.strict = True
        last, tables = self.last_startxref, io.BytesIO(with_usual_free_entries(data))
        assert last is not None
        builder = XRefBuilder(handler=self, stream=tables, strict=True, last_startxref=last)
        with suppress(PdfStrictReadError):
            builder.read_xrefs()
        sections = builder.sections[::-1]
        if len(sections) != self.xrefs.total_revisions:
            raise error
        self.left_behind = give_first_generations(sections)
        check_mended(sections)
        self.xrefs, self.trailer = XRefCache(self, sections), builder.trailer
        if self.left_behind and self._refers_to_left_behind():
            raise error

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
        if not marker or ref.idnum in self.left_behind:  # an object that is nowhere is null (7.3.10)
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


def _is_stand_in(value: Any) -> bool:
    return getattr(value, "original_bytes", None) == _STAND_IN
