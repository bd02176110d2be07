"""When places were called, as this gate saw the frontier pass them.

A status says where the frontier stands, not when it passed a place. So the gate keeps where it stood in the
last minutes. Time in which nobody can enter does not count, as for the controller (`control/step_draft.py`).
"""

from __future__ import annotations

from bisect import bisect_right

from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.rules.step_times import PAUSE_FROM_S


class CallTimes:
    """The frontier of one event over the last minutes. A move is known within a second."""

    def __init__(self) -> None:
        self._at = 0
        self._is_shut = False
        self._shut_s = 0
        """The seconds in which nobody could enter, since this gate looks."""
        self._frontiers: list[tuple[int, int]] = []
        self._moments: list[int] = []
        """When each frontier was first seen, less the seconds in which nobody could enter until then."""

    def note(self, status: Status, claim_s: int) -> None:
        """Takes up a newer status. `claim_s`: how long a call is valid."""
        passed = max(0, status.at - self._at) if self._at else 0
        if self._is_shut or passed >= PAUSE_FROM_S:
            self._shut_s += passed
        self._at, self._is_shut = status.at, not status.lets_called_in
        window, x = status.frontiers[Lane.NEW]
        if not self._frontiers or (window, x) > self._frontiers[-1]:
            self._frontiers.append((window, x))
            self._moments.append(self._at - self._shut_s)
        lapsed = bisect_right(self._moments, self._at - self._shut_s - claim_s) - 1
        if lapsed > 0:  # the last of them stays: places before it were called earlier
            del self._frontiers[:lapsed], self._moments[:lapsed]

    def left_s(self, window: int, place: int, claim_s: int) -> int | None:
        """Seconds in which the holder of a called place may still enter.

        None: it was called before this gate looked, or is not called.
        """
        found = bisect_right(self._frontiers, (window, place))
        if not 0 < found < len(self._frontiers):
            return None
        return max(0, self._moments[found] + claim_s - (self._at - self._shut_s))
