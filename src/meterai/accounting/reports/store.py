"""The table of settlement reports. Functions of the database write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import asyncpg

from meterai.accounting.reports.model import SettlementReport
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.ledger.store import refusals


async def take_report(tx: Connection, report: SettlementReport, now: datetime) -> str:
    """Stores a report and books what follows. Returns "new", "same" or "corrected".

    Raises: Refusal CONFLICT `report.payout_before`: another day had this pay-out; and those of the ledger.
    """
    lines = report.lines
    try:
        with refusals():
            done: str = await tx.fetchval(
                "SELECT accounting.take_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                report.gateway,
                report.day,
                report.digest,
                report.payout_reference or None,
                report.payout,
                [line.kind for line in lines],
                [line.reference for line in lines],
                [line.amount for line in lines],
                [line.fee for line in lines],
                now,
            )
    except asyncpg.UniqueViolationError:
        raise Refusal(Kind.CONFLICT, "report.payout_before") from None
    return done


async def days_to_fetch(
    conn: Connection, gateway: str, days: Sequence[date], *, before: datetime
) -> list[date]:
    """The days of which no report is here, or one that differs and came before `before`; oldest first."""
    rows = await conn.fetch(
        """SELECT day FROM unnest($2::date[]) AS asked(day) WHERE NOT EXISTS (
               SELECT FROM accounting.settlement_report r
               WHERE r.gateway = $1 AND r.day = asked.day AND (r.received_at >= $3 OR NOT EXISTS (
                   SELECT FROM accounting.difference d WHERE d.scope = r.id AND d.resolved_at IS NULL)))
           ORDER BY day""",
        gateway,
        list(days),
        before,
    )
    return [row["day"] for row in rows]
