"""What a sandbox does besides: a clock that can be moved."""

from __future__ import annotations

from datetime import datetime

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Clock

_CLOCK = "/api/v1/sandbox/clock"


class Sandbox:
    """Reads and moves the clock of your organisation. Raises: NotFound outside of a sandbox."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def clock(self) -> Clock:
        """What the clock shows."""
        clock: Clock = self._calls.json("GET", _CLOCK)
        return clock

    def move_clock(self, to: datetime | None) -> Clock:
        """Moves the clock forward; None: back to the real time. `to` needs a time zone.

        It counts for what depends on a day: agreements, limits and caps, months of reports.
        """
        moved: Clock = self._calls.json("PUT", _CLOCK, body={"now": to and to.isoformat()})
        return moved
