"""A report of an organisation for a month."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

KEPT = timedelta(days=30)
"""How long a report is kept. It holds personal data, and can be made again."""


class ReportKind(StrEnum):
    """What a report is about."""

    COLLECTOR_MONTH = "collector_month"  # each stamp of the month with its document and who owed the duty
    STOCK = "stock"  # of the organisation and of each below it
    TREASURY_DUES = "treasury_dues"  # what the treasury gets: owed for each tax period, and paid in advance


class ReportState(StrEnum):
    """How far a report is."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class Format(StrEnum):
    """A file of a report."""

    CSV = "csv"
    XLSX = "xlsx"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was asked for."""

    id: uuid.UUID
    organisation_id: uuid.UUID
    kind: ReportKind
    month: date
    """Its first day."""
    state: ReportState
    asked_at: datetime
    made_at: datetime | None
    code: str | None
    """Why it failed."""
    lines: int | None
    figures: dict[str, int]
    """Its sums. Those that begin with `ledger_` are the ledger's, and equal their namesakes."""


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report to make."""

    id: uuid.UUID
    organisation_id: uuid.UUID
    kind: ReportKind
    month: date
