"""Computes the SHA-256 of a file's signed parts in one pass, because many stamps sign the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from meterai.pdf.signed.byte_range import ByteRange

if TYPE_CHECKING:
    from hashlib import _Hash


class Digests:
    """Digests over beginnings of `data`, and over what the byte ranges sign."""

    def __init__(self, data: bytes, ranges: Sequence[ByteRange]) -> None:
        self._view = memoryview(data)
        places = {len(data), *(r.gap_start for r in ranges), *(r.end for r in ranges)}
        self._beginnings: dict[int, _Hash] = {}
        running, done = hashlib.sha256(), 0
        for place in sorted(places):
            running.update(self._view[done:place])
            self._beginnings[place], done = running.copy(), place

    def beginning(self, end: int) -> str:
        """Hex SHA-256 of the first `end` bytes: the whole file, or the end of a byte range."""
        return self._beginnings[end].hexdigest()

    def signed(self, byte_range: ByteRange, name: str) -> bytes:
        """The digest with algorithm `name` over what a byte range signs."""
        if name == "sha256":
            found = self._beginnings[byte_range.gap_start].copy()
        else:
            found = hashlib.new(name, self._view[: byte_range.gap_start])
        found.update(self._view[byte_range.gap_end : byte_range.end])
        return found.digest()
