"""Puts the CMS into the gap of a prepared document: bytes in, bytes out. No PDF is parsed here."""

from __future__ import annotations

import hashlib

from meterai.kernel.refusals import Kind, Refusal


def fill(data: bytes, gap_start: int, gap_end: int, cms: bytes) -> bytes:
    """Fills the zeroed hex string between `gap_start` (its `<`) and `gap_end` (after its `>`).

    Raises: Refusal INVALID `seal.gap_mismatch` when the gap isn't such a string of zeros: the stored document
    is not the one that was prepared; UNAVAILABLE `seal.gap_too_small` when the CMS doesn't fit.
    """
    room = gap_end - gap_start - 2
    view = memoryview(data)
    if not (0 <= gap_start < gap_end <= len(data)) or data[gap_start:gap_end] != b"<" + b"0" * room + b">":
        raise Refusal(Kind.INVALID, "seal.gap_mismatch")
    if len(cms) * 2 > room:
        raise Refusal(Kind.UNAVAILABLE, "seal.gap_too_small", needed=len(cms), room=room // 2)
    contents = cms.hex().encode().ljust(room, b"0")
    return b"".join((view[: gap_start + 1], contents, view[gap_end - 1 :]))


class RunningDigest:
    """Computes the three SHA-256 of a prepared revision in one pass, from a state kept at the gap's start.

    The prepared and the sealed file begin with the same bytes. One pass gives the digest to be signed and the
    names of both files; only the short rest differs.
    """

    def __init__(self, data: bytes, gap_start: int, gap_end: int) -> None:
        self._data = data
        self.gap_start = gap_start
        self.gap_end = gap_end
        self._before = hashlib.sha256(memoryview(data)[:gap_start])

    def covered(self) -> bytes:
        """Digest to be signed, over the byte range `[0 gap_start gap_end ...]`."""
        return self._from(self.gap_end).digest()

    def prepared(self) -> str:
        """Digest of the whole prepared file, in hex."""
        return self._from(self.gap_start).hexdigest()

    def sealed(self, sealed: bytes) -> str:
        """Digest of the whole sealed file in hex, after comparing it with the prepared one byte for byte.

        Raises: Refusal CONFLICT `seal.unsound` when anything outside the gap differs.
        """
        before, after = memoryview(self._data)[: self.gap_start], memoryview(self._data)[self.gap_end :]
        # Not by ==, which compares memoryviews element by element.
        same = len(sealed) == len(self._data) and sealed.startswith(before) and sealed.endswith(after)
        if not same:
            raise Refusal(Kind.CONFLICT, "seal.unsound", what="filling")
        whole = self._before.copy()
        whole.update(memoryview(sealed)[self.gap_start :])
        return whole.hexdigest()

    def _from(self, start: int) -> hashlib._Hash:
        running = self._before.copy()
        running.update(memoryview(self._data)[start:])
        return running
