"""Puts the CMS into the gap of a prepared document: bytes in, bytes out. No PDF is parsed here."""

from __future__ import annotations

from meterai.kernel.errors import Kind, Refusal


def fill(data: bytes, gap_start: int, gap_end: int, cms: bytes) -> bytes:
    """`data` with the zeroed hex string between `gap_start` (its `<`) and `gap_end` (after its `>`) filled.

    Raises: Refusal INVALID `seal.gap_mismatch` when the gap isn't such a string of zeros: the stored document
    is not the one that was prepared; UNAVAILABLE `seal.gap_too_small` when the CMS doesn't fit.
    """
    room = gap_end - gap_start - 2
    view = memoryview(data)
    if not (0 <= gap_start < gap_end <= len(data)) or view[gap_start:gap_end] != b"<" + b"0" * room + b">":
        raise Refusal(Kind.INVALID, "seal.gap_mismatch")
    if len(cms) * 2 > room:
        raise Refusal(Kind.UNAVAILABLE, "seal.gap_too_small", needed=len(cms), room=room // 2)
    contents = cms.hex().encode().ljust(room, b"0")
    return b"".join((view[: gap_start + 1], contents, view[gap_end - 1 :]))
