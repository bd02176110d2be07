"""When places were called, by the latest moves of the frontier."""

from __future__ import annotations

from bisect import bisect_right

from meterai.waiting_room.rules.model import Frontier

KEPT = 3_600
"""Moves. Memory does not grow with the log."""


class RecentCalls:
    """The latest moves of the newcomers' frontier."""

    def __init__(self) -> None:
        self._frontiers: list[tuple[int, int]] = []
        self._times: list[int] = []
        self._is_whole = True

    def add(self, at: int, frontier: Frontier) -> None:
        """Adds a move. A frontier never goes back."""
        self._frontiers.append((frontier.window, frontier.x))
        self._times.append(at)
        if len(self._times) > 2 * KEPT:
            del self._frontiers[:KEPT], self._times[:KEPT]
            self._is_whole = False

    def called_at(self, window: int, place: int) -> int | None:
        """When a place was called; None: it is not called, or was called before the latest moves."""
        first = bisect_right(self._frontiers, (window, place))
        if first == len(self._frontiers) or (first == 0 and not self._is_whole):
            return None
        return self._times[first]

    def set_right(self, at: int) -> None:
        """Notes that a clock that had been ahead was set right. Later calls were made by then."""
        self._times = [min(then, at) for then in self._times]
