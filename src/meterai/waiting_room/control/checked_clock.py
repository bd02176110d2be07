"""The controller's clock, compared with the database's and with the monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from meterai.kit.database import Connection
from meterai.waiting_room.store import lease_rows

log = structlog.get_logger(__name__)

DIFFERS_S = 2.0
"""Clocks that differ by more than this do not agree."""


@dataclass(slots=True)
class CheckedClock:
    """A wall clock (Unix seconds) that says whether it can be trusted.

    It logs `queue_clock_differs` once when it stops agreeing with another clock.
    """

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _ahead: float | None = None
    """Wall minus monotonic time when the clock last agreed with the database's."""
    _is_wrong: bool = False

    def now(self) -> float:
        """Unix seconds."""
        return self.wall()

    async def agrees_with_database(self, connection: Connection) -> bool:
        """Whether the database's clock shows the same time. Time that the answer takes does not count."""
        asked_at = self.wall()
        theirs = await lease_rows.database_time(connection)
        differs_s = max(asked_at - theirs, theirs - self.wall(), 0.0)
        if differs_s > DIFFERS_S:
            return self._wrong("database", differs_s)
        self._ahead, self._is_wrong = self.wall() - self.monotonic(), False
        return True

    def runs_evenly(self) -> bool:
        """Whether nobody has set the clock since it last agreed with the database's."""
        if self._ahead is None:
            return True
        differs_s = abs(self.wall() - self.monotonic() - self._ahead)
        return differs_s <= DIFFERS_S or self._wrong("monotonic", differs_s)

    def _wrong(self, other: str, differs_s: float) -> bool:
        if not self._is_wrong:
            log.warning("queue_clock_differs", other=other, seconds=round(differs_s, 1))
        self._is_wrong = True
        return False
