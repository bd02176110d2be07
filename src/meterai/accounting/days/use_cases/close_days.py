"""Closes business dates, one after the other, and signs their statements."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import structlog

from meterai.accounting.days import store
from meterai.accounting.days.model import StoredStatement, next_statement
from meterai.accounting.days.queries import newest_statements, next_day
from meterai.accounting.days.statement_key import StatementKey
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.05
_WAIT_SECONDS = 60.0
"""How long transactions that were under way may take. Ours take milliseconds."""


async def close_days(db: Database, key: StatementKey, *, until: date, clock: Clock) -> list[date]:
    """Closes each day that is not closed yet, the oldest first, up to `until`. Returns those closed now.

    Doing it again closes nothing and returns nothing. After a crash it goes on where it was.

    Raises, with the earlier days closed:

    - Refusal CONFLICT `day.not_over`: before 00.15 WIB of the day after.
    - Refusal CONFLICT `day.unbalanced` with `why`: it gets no statement, and no later day is closed.
    - Refusal UNAVAILABLE `day.still_booking`: a transaction that may book on it does not end.
    """
    closed: list[date] = []
    while True:
        async with db.connection() as connection:
            day = await next_day(connection)
        if day is None or day > until:
            return closed
        await _close(db, key, day, clock)
        log.info("day_closed", day=str(day))
        closed.append(day)


async def _close(db: Database, key: StatementKey, day: date, clock: Clock) -> None:
    now = clock()
    async with db.connection() as connection:
        await store.close_day(connection, day, now)
        await _wait_for_bookings(connection, day)
        figures = await store.figures_of(connection, day)
        if wrong := figures.imbalance():
            raise Refusal(Kind.CONFLICT, "day.unbalanced", day=str(day), why=wrong)
        before = next(iter(await newest_statements(connection, limit=1, before=day)), None)
        statement = next_statement(
            business_date=day,
            closed_at=f"{now.replace(microsecond=0, tzinfo=None).isoformat()}Z",
            key=key.id,
            before=before,
            day=figures,
            dues=await store.dues_of(connection, day),
        ).canonical()
        signed = StoredStatement(
            business_date=day,
            statement=statement,
            signature=key.sign(statement),
            key_id=key.id,
            public_key=key.public_pem,
        )
        await store.store_statement(connection, signed, now)


async def _wait_for_bookings(connection: Connection, day: date) -> None:
    """Waits until every transaction is over that may have looked before the day was closed."""
    last = await store.newest_transaction(connection)
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            while await store.oldest_transaction(connection) < last:  # noqa: ASYNC110 - the server's own
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise Refusal(Kind.UNAVAILABLE, "day.still_booking", day=str(day)) from None


def last_day_to_close(now_day: date) -> date:
    """Yesterday, by today's business date."""
    return now_day - timedelta(days=1)
