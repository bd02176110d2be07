"""A bucket of places that fills by time, as the admission and the general share do."""

from __future__ import annotations

import math


class Bucket:
    """The places that are left. It is full at first."""

    def __init__(self) -> None:
        self._level = math.inf
        self._filled_at = 0

    def take(self, at: int, *, full: float, per_s: float) -> bool:
        """Fills it up to `at`, and takes a place. Returns False when none was left."""
        flow = per_s * max(0, at - self._filled_at)
        self._filled_at = max(self._filled_at, at)
        left = min(full, self._level + flow) - 1
        self._level = max(0.0, left)
        return left >= 0

    def set_right(self, at: int) -> None:
        """Notes that a clock that had been ahead was set right at this time."""
        self._filled_at = min(self._filled_at, at)
