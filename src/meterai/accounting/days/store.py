"""Closes days in the ledger, and writes their statements. Only the role of the day close may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import asyncpg
import msgspec

from meterai.accounting.days.model import Due, Figures, StoredStatement
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection

_BY_SQLSTATE = {
    "LG011": (Kind.CONFLICT, "day.not_over"),
    "LG012": (Kind.CONFLICT, "day.not_next"),
    "AC001": (Kind.CONFLICT, "day.not_as_booked"),
}


@contextmanager
def day_refusals(day: date) -> Iterator[None]:
    """Turns what the database refuses about a day into refusals."""
    try:
        yield
    except asyncpg.PostgresError as error:
        known = _BY_SQLSTATE.get(error.sqlstate or "")
        if known is None:
            raise
        raise Refusal(*known, day=str(day), why=str(error)) from error


async def close_day(connection: Connection, day: date, now: datetime) -> None:
    """Lets the ledger take nothing more for a day. Doing it again changes nothing.

    Raises: Refusal CONFLICT `day.not_over`, before 00.15 WIB of the next day; `day.not_next`.
    """
    with day_refusals(day):
        await connection.execute("SELECT ledger.close_day($1, $2)", day, now)


async def ask_to_close(tx: Connection, now: datetime) -> None:
    """Notes that an officer wants the days that are over closed now."""
    await tx.execute("SELECT accounting.ask_to_close($1)", now)


async def closing_asked_at(connection: Connection) -> datetime | None:
    """When an officer asked last."""
    asked: datetime | None = await connection.fetchval("SELECT asked_at FROM accounting.closing_asked")
    return asked


async def newest_transaction(connection: Connection) -> int:
    """The id behind that of the newest transaction that writes. Those that run now have smaller ones."""
    return int(await connection.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))


async def oldest_transaction(connection: Connection) -> int:
    """The id of the oldest transaction that writes and runs now."""
    return int(await connection.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))


async def figures_of(connection: Connection, day: date) -> Figures:
    """Adds up what was booked on a day."""
    found = await connection.fetchval("SELECT accounting.day_figures($1)", day)
    return msgspec.convert(found, Figures)


async def dues_of(connection: Connection, day: date) -> dict[str, Due]:
    """What distributors deposited and drew on a day, by their codes."""
    rows = await connection.fetch("SELECT * FROM accounting.day_dues($1)", day)
    return {row["organisation"]: Due(deposited=row["deposited"], drawn=row["drawn"]) for row in rows}


async def store_statement(connection: Connection, signed: StoredStatement, now: datetime) -> None:
    """Writes a signed statement. Raises: Refusal CONFLICT `day.not_as_booked`."""
    with day_refusals(signed.business_date):
        await connection.execute(
            "SELECT accounting.store_statement($1, $2, $3, $4, $5, $6)",
            signed.business_date,
            signed.statement,
            signed.signature,
            signed.key_id,
            signed.public_key,
            now,
        )
