"""Months of reports and statements, as their first day. A month is one of Jakarta (WIB)."""

from __future__ import annotations

import re
from datetime import date, datetime

from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def read_month(text: str, now: datetime) -> date:
    """The month in `2026-11`. Raises: Refusal NOT_FOUND `report.no_month`, also for one that is to come."""
    found = _MONTH.fullmatch(text)
    month = date(int(found[1]), int(found[2]), 1) if found else None
    if month is None or month > month_of(now):
        raise Refusal(Kind.NOT_FOUND, "report.no_month")
    return month


def month_of(moment: datetime) -> date:
    """The month of a moment."""
    return business_date(moment).replace(day=1)


def month_after(month: date) -> date:
    """The next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    """The month before."""
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def month_code(month: date) -> str:
    """`2026-11`, for addresses and names of files."""
    return f"{month:%Y-%m}"
