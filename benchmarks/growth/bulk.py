"""Writes the history wholesale: no trigger, no foreign key, no log of it; indexes are built once.

Each table is emptied, filled and indexed in one transaction. So PostgreSQL keeps no log of it
(`wal_level = minimal`), rows are written once, seen by everybody and never to be vacuumed (COPY with FREEZE).
"""

# ruff: noqa: S608 (no word of it comes from outside)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime, timedelta

import asyncpg

from benchmarks.growth.copying import HEADER, TRAILER
from benchmarks.growth.history import TABLES
from benchmarks.growth.people import Span, people
from benchmarks.growth.transfers import balances
from meterai.kit.database import Connection

SLICE = 10_000
_CONNECTIONS = 2
_BEGAN_BEFORE = timedelta(days=60)
_ENDED_BEFORE = timedelta(days=38)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


async def write_history(owner_url: str, *, customers: int, now: datetime, progress: Progress) -> None:
    """Writes `customers` customers and twice as many serial numbers into a development service's database.

    The stock for it must have been issued. Each table is locked while it is written. A run that is broken off
    leaves a useless database.

    Raises: FileExistsError when there is a history already.
    """
    connections = [await _connect(owner_url) for _ in range(_CONNECTIONS)]
    first = connections[0]
    try:
        if await first.fetchval("SELECT EXISTS (SELECT FROM stamping.release WHERE imported)"):
            raise FileExistsError("this database has a history already")
        event = await first.fetchval("SELECT min(slug) FROM sales.event")
        span = Span(now - _BEGAN_BEFORE, now - _ENDED_BEFORE, customers, event)
        keys = await _take_foreign_keys(first)
        await _write(connections, span, progress)
        await _add_balances(first, customers)
        for table, name, definition in keys:
            await first.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
        # The rows keep them all (a test looks at each): looking at every row again would take minutes.
        await first.execute("UPDATE pg_constraint SET convalidated = true WHERE NOT convalidated")
    finally:
        for connection in connections:
            await connection.close()


async def _connect(owner_url: str) -> Connection:
    settings = {
        "session_replication_role": "replica",
        "maintenance_work_mem": "1GB",
        "max_parallel_maintenance_workers": "1",
        "timezone": "UTC",
    }
    return await asyncpg.connect(owner_url, server_settings=settings)


async def _take_foreign_keys(connection: Connection) -> list[tuple[str, str, str]]:
    """Drops the foreign keys of the tables, for they forbid to empty them: (table, name, definition)."""
    rows = await connection.fetch(
        """SELECT conrelid::regclass::text AS of_table, conname, pg_get_constraintdef(oid) AS definition
           FROM pg_constraint WHERE contype = 'f'
               AND (conrelid = ANY ($1::text[]::regclass[]) OR confrelid = ANY ($1::text[]::regclass[]))""",
        list(TABLES),
    )
    for row in rows:
        await connection.execute(f"ALTER TABLE {row['of_table']} DROP CONSTRAINT {row['conname']}")
    return [(row["of_table"], row["conname"], row["definition"]) for row in rows]


async def _write(connections: Sequence[Connection], span: Span, progress: Progress) -> None:
    tables = iter(TABLES)
    done = 0

    async def work(connection: Connection) -> None:
        nonlocal done
        for table in tables:
            async with connection.transaction():
                await _fill(connection, table, span)
                await connection.execute(f"REINDEX TABLE {table}")
            await connection.execute(f"VACUUM (ANALYZE) {table}")
            done += 1
            progress(f"{table}: tables", done, len(TABLES))

    await asyncio.gather(*(work(connection) for connection in connections))


async def _fill(connection: Connection, table: str, span: Span) -> None:
    """Empties a table, puts back what it had, and writes the history into it, without its indexes."""
    await connection.execute(
        f"""CREATE TEMPORARY TABLE kept ON COMMIT DROP AS TABLE {table};
            TRUNCATE {table};
            UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = '{table}'::regclass;
            INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept"""
    )
    # Not `copy_to_table`, which does not know FREEZE.
    await connection._copy_in(  # type: ignore[attr-defined]
        f"COPY {table} FROM STDIN (FORMAT binary, FREEZE)", _rows(table, span), None
    )


async def _rows(table: str, span: Span) -> AsyncIterator[bytes]:
    """The file that COPY reads. The next rows are made while the server takes these."""
    yield HEADER
    slices = _slices(span.customers)
    coming = _make(table, next(slices), span)
    for following in slices:
        block = await coming
        coming = _make(table, following, span)
        yield block
    yield await coming
    yield TRAILER


def _make(table: str, of: tuple[int, int], span: Span) -> asyncio.Task[bytes]:
    return asyncio.create_task(asyncio.to_thread(lambda: TABLES[table](people(*of, span))))


def _slices(customers: int) -> Iterator[tuple[int, int]]:
    for begin in range(1, customers + 1, SLICE):
        yield begin, min(begin + SLICE - 1, customers)


async def _add_balances(connection: Connection, customers: int) -> None:
    await connection.executemany(
        """UPDATE ledger.account SET debits_posted = debits_posted + $2, credits_posted = credits_posted + $3
           WHERE id = $1::uuid""",
        balances(customers),
    )
