"""Reports of a month, as CSV and XLSX. Each is compared with the ledger before it is given out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Report, ReportKind


class Reports:
    """Asks for reports, waits for them and fetches their files."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def ask(self, kind: ReportKind, *, month: str, key: str | None = None) -> Report:
        """Asks for a report of a month, such as `2026-11`. If it is not over: of what is booked so far."""
        order = {"kind": kind, "month": month}
        asked: Report = self._calls.json("POST", "/api/v1/reports", body=order, key=key)
        return asked

    def read(self, report_id: str) -> Report:
        """A report as it is now."""
        report: Report = self._calls.json("GET", f"/api/v1/reports/{report_id}")
        return report

    def list(self) -> Iterator[Report]:
        """Your reports, the newest first. They are kept for 30 days."""
        return self._calls.pages("/api/v1/reports")

    def wait(self, report: Report, *, within_s: float = 300) -> Report:
        """Waits until a report is ready or failed. Raises: TookTooLong; it is still made then."""
        ended: Report = self._calls.wait(
            report,
            lambda: self.read(report["id"]),
            is_done=lambda one: one["state"] != "waiting",
            within_s=within_s,
        )
        return ended

    def download(self, report_id: str, to: Path, *, format: Literal["csv", "xlsx"] = "csv") -> Path:
        """Writes a file of a report. Raises: Conflict while it is not ready."""
        self._calls.download(f"/api/v1/reports/{report_id}/{format}", to)
        return to
