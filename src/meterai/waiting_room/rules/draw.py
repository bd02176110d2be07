"""The places inside a window: a hash that nobody could choose, compared as integers."""

from __future__ import annotations

import hashlib

_PLACE = b"meterai order v1\x00"
_SEED = b"meterai window seed v1\x00"


def place_of(seed: bytes, id: bytes) -> int:
    """The place of an id in the window with this seed: 0 to below 2^64. Smaller is earlier."""
    return int.from_bytes(hashlib.sha256(_PLACE + seed + id).digest()[:8], "big")


def window_seed(link: bytes, root: bytes, beacon: bytes = b"") -> bytes:
    """The seed of a window (32 bytes).

    It mixes the chain's link with the root of the joins, which is published before the link. If a beacon is
    used, it also mixes in the value of a round later than that root.
    """
    return hashlib.sha256(_SEED + link + root + beacon).digest()
