"""The clock as an argument, and Indonesian time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the time now, aware, in UTC. Read once, at the door."""

ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
_JAKARTA = ZoneInfo("Asia/Jakarta")


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def age_s(since: datetime | None, now: datetime) -> float:
    """Seconds since `since`, at least 0; 0 also for None."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def business_date(moment: datetime) -> date:
    """The business date of a moment: the calendar day in Asia/Jakarta."""
    return moment.astimezone(_JAKARTA).date()


def start_of_business_date(day: date) -> datetime:
    """The moment at which a business date begins."""
    return datetime.combine(day, time(), _JAKARTA)
