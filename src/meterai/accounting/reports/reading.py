"""Reads a settlement report, a CSV of five columns (docs/reconciliation.md), perhaps from a stranger."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import NoReturn

from meterai.accounting.amounts import read_rupiah
from meterai.accounting.csv_rows import read_rows
from meterai.accounting.reports.model import LineKind, ReportLine, SettlementReport
from meterai.kernel.refusals import Kind, Refusal

BYTES_MAX = 32 << 20
LINES_MAX = 200_000
COLUMNS = ("type", "order_id", "gross_amount", "fee", "settlement_date")
_PAYOUT = "payout"
_REFERENCE = re.compile(r"[A-Za-z0-9_~.-]{1,50}", re.ASCII)
_PAYOUT_REFERENCE = re.compile(r"[A-Za-z0-9./_-]{6,64}", re.ASCII)


def read_report(raw: bytes, *, gateway: str, day: date | None = None) -> SettlementReport:
    """Reads the report of a gateway. `day`: the one that was asked for; None: the file's own.

    Raises: Refusal INVALID `report.unreadable` with `line` and `reason`.
    """
    lines, payout, seen = [], ("", 0), day
    rows = read_rows(raw, COLUMNS, bytes_max=BYTES_MAX, rows_max=LINES_MAX, refuse=_refuse)
    for line, row in rows:
        seen = _day(row["settlement_date"], line, seen)
        if row["type"].lower() == _PAYOUT:
            if payout[1]:
                _refuse("two_payouts", line)
            payout = _payout(row, line)
        else:
            lines.append(_line(row, line))
    if seen is None:
        _refuse("empty")
    return SettlementReport(
        gateway=gateway,
        day=seen,
        digest=hashlib.sha256(raw).digest(),
        payout_reference=payout[0],
        payout=payout[1],
        lines=lines,
    )


def _day(text: str, line: int, seen: date | None) -> date:
    try:
        said = date.fromisoformat(text[:10])
    except ValueError:
        _refuse("day", line)
    if seen not in (None, said):
        _refuse("another_day", line)
    return said


def _payout(row: dict[str, str], line: int) -> tuple[str, int]:
    amount = _amount(row["gross_amount"], line)
    if not _PAYOUT_REFERENCE.fullmatch(row["order_id"]) or amount <= 0:
        _refuse("payout", line)
    return row["order_id"], amount


def _line(row: dict[str, str], line: int) -> ReportLine:
    try:
        kind = LineKind(row["type"].lower())
    except ValueError:
        _refuse("type", line)
    carried = kind is LineKind.CARRIED
    if row["order_id"] if carried else not _REFERENCE.fullmatch(row["order_id"]):
        _refuse("order_id", line)
    amount, fee = _amount(row["gross_amount"], line), _amount(row["fee"] or "0", line)
    if fee < 0 or not amount or (amount < 0 and not carried):
        _refuse("amount", line)
    return ReportLine(kind=kind, reference=row["order_id"], amount=amount, fee=fee)


def _amount(text: str, line: int) -> int:
    amount = read_rupiah(text)
    if amount is None:
        _refuse("amount", line)
    return amount


def _refuse(reason: str, line: int = 0) -> NoReturn:
    raise Refusal(Kind.INVALID, "report.unreadable", reason=reason, line=line)
