"""The outside world of settlement reports."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class ReportSource(Protocol):
    """Has the settlement reports of one gateway."""

    async def fetch(self, day: date) -> bytes | None:
        """The report of a day (WIB), as a file; None when there is none yet.

        Raises: Refusal(UNAVAILABLE, "report.unavailable").
        """
        ...
