"""Remembers what may be used once, until it expires."""

from __future__ import annotations

_PERIOD_S = 600
_USED_MAX = 200_000


class UsedOnce:
    """The names that were used in this process, by the ten minutes in which they expire."""

    def __init__(self) -> None:
        self._used: dict[int, set[bytes]] = {}

    def use(self, name: bytes, expires: float, now: float) -> bool:
        """Notes that a name is used. Returns False when it was used before.

        When too many are kept, those that expire first are forgotten.
        """
        period = int(expires) // _PERIOD_S
        for past in [p for p in self._used if p < int(now) // _PERIOD_S]:
            del self._used[past]
        if name in self._used.setdefault(period, set()):
            return False
        if sum(map(len, self._used.values())) >= _USED_MAX:
            self._used[min(self._used)].clear()
        self._used[period].add(name)
        return True
