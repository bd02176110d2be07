"""Reports."""

from __future__ import annotations

from typing import Literal, TypedDict

ReportKind = Literal["collector_month", "stock", "treasury_dues"]


class Report(TypedDict):
    """A report. `code`: why it failed. `figures`: its sums; `files`: the addresses of its files."""

    id: str
    organisation_id: str
    kind: ReportKind
    month: str
    state: Literal["waiting", "ready", "failed"]
    asked_at: str
    made_at: str | None
    code: str | None
    lines: int | None
    figures: dict[str, int]
    files: dict[str, str]
