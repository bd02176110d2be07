"""Reads the statements of closed days, and when the next one is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from meterai.accounting.days.model import StoredStatement
from meterai.kernel.clock import start_of_business_date
from meterai.kit.database import Connection, Row

CLOSES_AFTER = timedelta(minutes=15)
"""After the midnight (WIB) that ends a day. `ledger.close_day` refuses it earlier."""
_SELECT = """SELECT s.business_date, s.statement, s.signature, s.key_id, k.public_key
    FROM accounting.day_statement s JOIN accounting.statement_key k ON k.id = s.key_id"""


async def next_day(connection: Connection) -> date | None:
    """The first day without a statement; None: there are no books."""
    day: date | None = await connection.fetchval("SELECT accounting.next_day()")
    return day


def closes_at(day: date) -> datetime:
    """When a day can be closed: 00.15 WIB of the next one."""
    return start_of_business_date(day + timedelta(days=1)) + CLOSES_AFTER


async def unclosed_since(connection: Connection, now: datetime) -> datetime | None:
    """Since when the oldest day that is not closed could have been; None: every day that is over is."""
    day = await next_day(connection)
    if day is None or closes_at(day) > now:
        return None
    return closes_at(day)


async def statement_of(connection: Connection, day: date) -> StoredStatement | None:
    """The statement of a day; None: it has none."""
    row = await connection.fetchrow(f"{_SELECT} WHERE s.business_date = $1", day)
    return _stored(row) if row else None


async def newest_statements(
    connection: Connection, *, limit: int, before: date | None = None
) -> list[StoredStatement]:
    """The newest statements, the newest first; `before`: those of earlier days alone."""
    rows = await connection.fetch(
        f"{_SELECT} WHERE $2::date IS NULL OR s.business_date < $2 ORDER BY s.business_date DESC LIMIT $1",
        limit,
        before,
    )
    return [_stored(row) for row in rows]


def _stored(row: Row) -> StoredStatement:
    return StoredStatement(**dict(row))
