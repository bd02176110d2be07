"""pyHanko's strict reader, quicker where a file holds signatures.

pyHanko reads a hexadecimal string byte by byte, which takes longer than all the rest of reading a stamped
file. Here the object that carries a signature is read from a copy of its text in which the long string is
replaced by a short stand-in; then the string's true bytes are put in its place. Whenever anything about that
is unusual, pyHanko reads the object in full: the result is always what pyHanko itself would have read.
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
from pyhanko.pdf_utils.reader import PdfFileReader

CONTENTS = generic.pdf_name("/Contents")
_LONG_STRING = re.compile(rb"/Contents[\x00\t\n\f\r ]*<([0-9A-Fa-f]{1000,})>")
_WITHIN = 2000
"""How far behind its object's beginning the string may start; pyHanko reads others the slow way."""
_STAND_IN = b"\x30\x82" + secrets.token_bytes(32)
"""What nobody can have written into a file: so the string that reads like this is the one at the gap."""
_REST_MAX = 20_000
_BEHIND = 16
"""pyHanko looks for the beginning of the next thing behind `endobj`."""


class Reader(PdfFileReader):
    """A strict reader of `data`. Raises: whatever pyHanko raises on a file that it refuses."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        super().__init__(io.BytesIO(data), strict=True)

    def _read_object(self, ref: Any, marker: Any, *arguments: Any, **options: Any) -> Any:
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
        """The object, or None when it must be read in full."""
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
