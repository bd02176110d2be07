"""Takes a settlement report in, whichever way it came."""

from __future__ import annotations

from datetime import date, datetime

import structlog

from meterai.accounting.reports import store
from meterai.accounting.reports.model import SettlementReport
from meterai.accounting.reports.reading import read_report
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day

log = structlog.get_logger(__name__)


@on_open_day
async def take_report(
    db: Database, raw: bytes, *, gateway: str, now: datetime, day: date | None = None
) -> tuple[SettlementReport, str]:
    """Reads, stores and compares a report. Returns it, and "new", "same" or "corrected".

    Doing it again changes nothing. `day`: the one that was asked for.

    Raises: Refusal INVALID `report.unreadable`, `report.too_early` (its day is not over); CONFLICT
    `report.payout_before`.
    """
    report = read_report(raw, gateway=gateway, day=day)
    if report.day >= business_date(now):
        raise Refusal(Kind.INVALID, "report.too_early", day=report.day.isoformat())
    async with db.transaction() as tx:
        done = await store.take_report(tx, report, now)
    if done != "same":
        log.info("settlement_report_taken", gateway=gateway, day=report.day.isoformat(), done=done)
    return report, done
