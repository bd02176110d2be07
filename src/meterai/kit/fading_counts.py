"""Counts by name that fade with time. Names are kept as keyed hashes, and not for long."""

from __future__ import annotations

import hashlib
import math
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable

NAMES_MAX = 40_000

type Fade = Callable[[float, float], float]
"""What is left of a count after some seconds."""


def halved_in(half_life_s: float) -> Fade:
    """A count is halved in every `half_life_s`."""
    return lambda count, seconds: count * math.exp2(-seconds / half_life_s)


def less_by(per_second: float) -> Fade:
    """A count falls by `per_second` in each second, down to 0: a token bucket that fills again."""
    return lambda count, seconds: max(0.0, count - seconds * per_second)


class FadingCounts:
    """Counts by name. The names used least recently are forgotten."""

    def __init__(self, fade: Fade, *, names_max: int = NAMES_MAX) -> None:
        self._fade = fade
        self._names_max = names_max
        self._key = os.urandom(16)
        self._counts: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def look(self, name: str, now: float) -> float:
        """The count of a name. `now`: monotonic seconds."""
        return self._left(self._counts.get(self._hash(name)), now)

    def most(self, names: Iterable[tuple[str, float]], now: float) -> float:
        """The greatest of some counts, each multiplied by the weight beside its name; 0 for none."""
        return max((weight * self.look(name, now) for name, weight in names), default=0.0)

    def add(self, name: str, now: float, amount: float = 1.0) -> None:
        """Counts `amount` more."""
        hashed = self._hash(name)
        self._counts[hashed] = (amount + self._left(self._counts.pop(hashed, None), now), now)
        if len(self._counts) > self._names_max:
            self._counts.popitem(last=False)

    def _left(self, known: tuple[float, float] | None, now: float) -> float:
        return 0.0 if known is None else self._fade(known[0], now - known[1])

    def _hash(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode(), key=self._key, digest_size=8).digest()
