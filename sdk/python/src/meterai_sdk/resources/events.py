"""Events: what happened to your organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Event

_POLL_S: Final = 5.0


class Events:
    """Reads events. Webhooks bring the same ones."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self) -> Iterator[Event]:
        """The events of the last 30 days, the earliest first."""
        return self._calls.pages("/api/v1/events")

    def read(self, event_id: str) -> Event:
        """One event."""
        event: Event = self._calls.json("GET", f"/api/v1/events/{event_id}")
        return event

    def later(self, event_id: str) -> Iterator[Event]:
        """The events after one, the earliest first: what your program has missed since then."""
        return self._calls.pages(f"/api/v1/events/{event_id}/later")

    def follow(self, *, after: str | None = None, every_s: float = _POLL_S) -> Iterator[Event]:
        """Gives each event as it happens, without an end. It asks again every few seconds.

        `after`: the id of the last event that you have dealt with; without it all of the last 30 days come.
        Raises: NotFound when that event is older than 30 days.
        """
        while True:
            for event in self.list() if after is None else self.later(after):
                yield event
                after = event["id"]
            self._calls.sleep(every_s)
