"""Counts that fade with time: each is halved in every `half_life_s`."""

from __future__ import annotations

import hashlib
import math
import os
from collections import OrderedDict

NAMES_MAX = 40_000


class FadingCounts:
    """Counts by name. Names are kept as keyed hashes; the ones used least recently are forgotten."""

    def __init__(self, half_life_s: float) -> None:
        self._half_life_s = half_life_s
        self._key = os.urandom(16)
        self._counts: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def look(self, name: str, now: float) -> float:
        """The count of a name. `now`: monotonic seconds."""
        known = self._counts.get(self._hash(name))
        return 0.0 if known is None else self._faded(known, now)

    def add(self, name: str, now: float) -> None:
        """Counts one more."""
        hashed = self._hash(name)
        known = self._counts.pop(hashed, None)
        self._counts[hashed] = (1.0 + (0.0 if known is None else self._faded(known, now)), now)
        if len(self._counts) > NAMES_MAX:
            self._counts.popitem(last=False)

    def _faded(self, known: tuple[float, float], now: float) -> float:
        count, at = known
        return count * math.exp2((at - now) / self._half_life_s)

    def _hash(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode(), key=self._key, digest_size=8).digest()
