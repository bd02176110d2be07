"""How many people join a second, and how much work the gate asks of them."""

from __future__ import annotations

from collections import deque
from typing import Literal

WorkMode = Literal["auto", "on", "off"]
BUSY = 4
"""How difficult work is while the gate is busy."""
_PERIOD_S = 10.0


class _Rate:
    """Counts per second, over the last ten seconds. `now`: monotonic time."""

    def __init__(self) -> None:
        self._seconds: deque[list[float]] = deque()

    def count(self, now: float) -> None:
        second = float(int(now))
        while self._seconds and self._seconds[0][0] < now - _PERIOD_S:
            self._seconds.popleft()
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0.0])
        self._seconds[-1][1] += 1

    def per_second(self, now: float) -> float:
        while self._seconds and self._seconds[0][0] < now - _PERIOD_S:
            self._seconds.popleft()
        return sum(count for _, count in self._seconds) / _PERIOD_S


class JoinLoad:
    """Decides when joins need work, and how much. `busy_per_second`: the rate above which they do.

    Whether work is asked for follows the joins that are tried, so that a flood meets it. The difficulty
    follows the joins that succeed, each network up to its usual share. So failed tries make it harder for
    nobody.
    """

    def __init__(self, mode: WorkMode, busy_per_second: float) -> None:
        self._mode = mode
        self._busy = busy_per_second
        self._tried = _Rate()
        self._let_in = _Rate()

    def count_try(self, now: float) -> None:
        """Counts a join that is tried. `now`: monotonic time."""
        self._tried.count(now)

    def count_join(self, now: float) -> None:
        """Counts a join that got a ticket, from a network within its usual share."""
        self._let_in.count(now)

    @property
    def is_off(self) -> bool:
        """Whether joins never need work."""
        return self._mode == "off"

    def asks_for_work(self, now: float) -> bool:
        """Whether all joins need work now."""
        if self._mode != "auto":
            return self._mode == "on"
        return self._tried.per_second(now) > self._busy

    def difficulty(self, now: float) -> int:
        """How difficult the work is that all joins need; 0: they need none.

        It is twice as much when successful joins are twice as fast, and no more. Where a network has few
        places, a slow phone works for two seconds at most.
        """
        if not self.asks_for_work(now):
            return 0
        return BUSY * 2 if self._let_in.per_second(now) >= 2 * max(self._busy, 1) else BUSY
