"""Usage: what your clients called and spent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import ApiRequest, Usage


class Usages:
    """Reads usage, and the last requests."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def read(self, *, first_day: date | None = None, last_day: date | None = None) -> Usage:
        """What your clients did by day, and what is left of their caps. Without days: the last 31.

        At most 31 days at once, and those of the last 400.
        """
        days = {"first_day": first_day and str(first_day), "last_day": last_day and str(last_day)}
        usage: Usage = self._calls.json("GET", "/api/v1/usage", query=days)
        return usage

    def requests(self, *, client_id: str | None = None) -> Iterator[ApiRequest]:
        """The requests of the last seven days, the newest first. `client_id`: only those of one client."""
        return self._calls.pages("/api/v1/requests", client_id=client_id)
