"""Times without a controller, as the log states them. What happened then is logged afterwards."""

from __future__ import annotations

from collections import deque

_KEPT = 1_000


class Outages:
    """The latest outages: (start, end), in order and apart from each other."""

    def __init__(self) -> None:
        self._times: deque[tuple[int, int]] = deque(maxlen=_KEPT)
        self._last_at = self._before_at = 0
        """The latest time of the controller, and the latest before that."""

    @property
    def last_at(self) -> int:
        """The latest time that the controller wrote."""
        return self._last_at

    def on_entry(self, at: int) -> None:
        """Notes the time of an entry that the controller made itself."""
        if at > self._last_at:
            self._before_at, self._last_at = self._last_at, at

    def on_away(self, at: int, seconds: int) -> None:
        """Notes that there was no controller for these seconds until now.

        It was there at its earlier entries, whatever this one says. Call `on_entry` first.
        """
        was_there_at = self._before_at if at >= self._last_at else self._last_at
        self.add(max(at - seconds, was_there_at), at)

    def add(self, since: int, until: int) -> None:
        """Notes an outage."""
        since = max(since, self._times[-1][1]) if self._times else since
        if since < until:
            self._times.append((since, until))

    def set_right(self, at: int) -> None:
        """Notes that a clock that had been ahead was set right at this time."""
        self._last_at, self._before_at = min(self._last_at, at), min(self._before_at, at)

    def seconds_in(self, since: int, until: int) -> int:
        """How many of the seconds between two times were outages."""
        return sum(max(0, min(until, end) - max(since, start)) for start, end in self._times if end > since)
