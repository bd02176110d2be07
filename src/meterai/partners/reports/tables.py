"""What reports say: the rows of each kind, read from the ledger, and the sums by which they are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from meterai.kit.database import Connection, Row
from meterai.partners.months import month_after
from meterai.partners.reports.model import NewReport, ReportKind

type Cell = str | int | date | None

_FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Table:
    """A kind of report. `statement` gets the organisation, the month's first day and that of the next."""

    statement: str
    columns: tuple[str, ...]
    """The fields of its rows; `texts.partners` has their names for people."""


@dataclass(slots=True)
class Figures:
    """The sums of a report while it is read."""

    lines: int = 0
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, amount: int) -> None:
        """Adds to a sum."""
        self.sums[name] = self.sums.get(name, 0) + amount

    @property
    def agree(self) -> bool:
        """Whether each of the ledger's figures equals the report's own."""
        return all(
            amount == self.sums.get(name.removeprefix("ledger_"), 0)
            for name, amount in self.sums.items()
            if name.startswith("ledger_")
        )


_UNIT = "c.name AS unit, p.code AS unit_code"
_OF_UNIT = """JOIN partners.organisation p ON p.id = r.organisation_id
    JOIN customers.organisation c ON c.id = r.organisation_id"""
TABLES: Final[Mapping[ReportKind, _Table]] = {
    ReportKind.COLLECTOR_MONTH: _Table(
        f"""SELECT r.*, {_UNIT} FROM partners.stamps_used($1, $2, $3) r {_OF_UNIT}
            ORDER BY r.used_at, r.serial""",  # noqa: S608 - of the words above
        (
            "unit_code",
            "unit",
            "business_date",
            "serial",
            "duty",
            "document_type",
            "document_number",
            "document_date",
            "document_value",
            "liable_identity_type",
            "liable_identity",
            "liable_name",
        ),
    ),
    ReportKind.STOCK: _Table(
        f"""SELECT r.*, {_UNIT}, p.role AS unit_role FROM partners.stock_report($1, $2, $3) r {_OF_UNIT}
            ORDER BY r.depth, p.code""",  # noqa: S608 - of the words above
        (
            "unit_code",
            "unit",
            "unit_role",
            "opening",
            "received",
            "passed_on",
            "returned",
            "taken_back",
            "used",
            "taken",
            "closing",
        ),
    ),
    ReportKind.TREASURY_DUES: _Table(
        f"""SELECT r.*, {_UNIT}, p.npwp AS unit_npwp FROM partners.treasury_report($1, $2) r {_OF_UNIT}
            WHERE $3::date IS NOT NULL ORDER BY p.code, r.period NULLS FIRST, r.basis""",  # noqa: S608
        (
            "unit_code",
            "unit",
            "unit_npwp",
            "basis",
            "period",
            "pieces",
            "amount",
            "paid",
            "due",
            "in_advance",
        ),
    ),
}
_COUNTED: Final[Mapping[ReportKind, tuple[str, ...]]] = {
    ReportKind.COLLECTOR_MONTH: ("duty",),
    ReportKind.STOCK: (
        "opening",
        "received",
        "passed_on",
        "returned",
        "taken_back",
        "used",
        "taken",
        "closing",
    ),
    ReportKind.TREASURY_DUES: ("pieces", "amount", "paid", "due", "in_advance"),
}
"""The columns with a sum."""


async def read_rows(tx: Connection, report: NewReport, figures: Figures) -> AsyncIterator[list[list[Cell]]]:
    """Reads the rows of a report, some hundred at a time, and adds up its figures.

    The transaction is one in which everything is of one moment.
    """
    table = TABLES[report.kind]
    cursor = await tx.cursor(table.statement, report.organisation_id, report.month, month_after(report.month))
    while rows := await cursor.fetch(_FETCHED_AT_ONCE):
        for row in rows:
            _count(report.kind, row, figures)
        yield [[row[name] for name in table.columns] for row in rows]
    await _add_ledger(tx, report, figures)


def _count(kind: ReportKind, row: Row, figures: Figures) -> None:
    figures.lines += 1
    for name in _COUNTED[kind]:
        figures.add(name, row[name])
    if kind is ReportKind.COLLECTOR_MONTH:
        figures.add("stamps", 1)
        figures.add("without_liable_party", int(row["liable_identity"] is None))
    elif kind is ReportKind.STOCK:  # all that was ever booked, and what is there
        figures.add("moved", row["moved"])
        figures.add("ledger_moved", row["balance"])


async def _add_ledger(tx: Connection, report: NewReport, figures: Figures) -> None:
    """Adds the ledger's figures, which must equal those that were added up from rows."""
    if report.kind is ReportKind.COLLECTOR_MONTH:
        found = await _one(tx, "SELECT * FROM partners.used_sums($1)", report)
        figures.add("used_ever", found["by_serial"])
        figures.add("ledger_used_ever", found["by_ledger"])
    elif report.kind is ReportKind.TREASURY_DUES:
        found = await _one(tx, "SELECT * FROM partners.treasury_sums($1)", report)
        figures.add("due_now", found["due"])
        figures.add("ledger_due_now", found["by_ledger"])


async def _one(tx: Connection, statement: str, report: NewReport) -> Row:
    row = await tx.fetchrow(statement, report.organisation_id)
    assert row is not None
    return row
