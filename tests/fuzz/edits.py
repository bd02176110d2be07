"""A small language of changes to a file, so that a fuzzer's short inputs reach deep into a long one."""

from __future__ import annotations

REPLACE, INSERT, APPEND, DELETE, FLIP = range(5)
_HEAD_BYTES = 4


def apply_edits(base: bytes, edits: bytes) -> bytes:
    """Carries out up to eight edits: kind, place (2 bytes, a fraction of the file), length, then content."""
    out = bytearray(base)
    for _ in range(8):
        if len(edits) < _HEAD_BYTES:
            break
        kind, length = edits[0] % 5, edits[3]
        place = int.from_bytes(edits[1:3], "big") * len(out) >> 16
        edits = edits[_HEAD_BYTES:]
        if kind in (REPLACE, INSERT, APPEND):
            content, edits = edits[:length], edits[length:]
        if kind == REPLACE:
            out[place : place + len(content)] = content
        elif kind == INSERT:
            out[place:place] = content
        elif kind == APPEND:
            out += content
        elif kind == DELETE:
            del out[place : place + length]
        elif place < len(out):
            out[place] ^= length or 1
    return bytes(out)
