"""Writes the history wholesale: no trigger, no foreign key, indexes built once at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import asyncpg

from meterai.kit.database import Connection
from sandbox.growth.history import STATEMENTS, TABLES, balances, functions

SLICE = 20_000
_CONNECTIONS = 2
_BEGAN_BEFORE = timedelta(days=60)
_ENDED_BEFORE = timedelta(days=38)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


async def write_history(owner_url: str, *, customers: int, now: datetime, progress: Progress) -> None:
    """Writes `customers` customers and twice as many serial numbers into a development service's database.

    The stock for it must have been issued. Broken off, it leaves a database that is of no use any more.
    Raises: FileExistsError when there is a history already.
    """
    connections = [await _connect(owner_url, customers=customers, now=now) for _ in range(_CONNECTIONS)]
    try:
        first = connections[0]
        if await first.fetchval("SELECT EXISTS (SELECT FROM stamping.release WHERE imported)"):
            raise FileExistsError("this database has a history already")
        await _forget_indexes(first)
        await _write(connections, customers, progress)
        await _add_balances(first, customers)
        await _each_table(connections, "REINDEX TABLE", progress)
        await _each_table(connections, "VACUUM (ANALYZE)", progress)
    finally:
        for connection in connections:
            await connection.close()


async def _connect(owner_url: str, *, customers: int, now: datetime) -> Connection:
    settings = {
        "session_replication_role": "replica",
        "synchronous_commit": "off",
        "maintenance_work_mem": "1GB",
        "max_parallel_maintenance_workers": "1",
        "timezone": "UTC",
    }
    connection = await asyncpg.connect(owner_url, server_settings=settings)
    await connection.execute(
        functions(customers=customers, began=now - _BEGAN_BEFORE, ended=now - _ENDED_BEFORE)
    )
    return connection


async def _forget_indexes(connection: Connection) -> None:
    """Leaves the indexes alone while rows are written; REINDEX makes them whole again."""
    await connection.execute(
        """UPDATE pg_index SET indisready = false, indisvalid = false
           WHERE indrelid = ANY ($1::text[]::regclass[])""",
        list(TABLES),
    )


async def _write(connections: Sequence[Connection], customers: int, progress: Progress) -> None:
    slices = iter(range(1, customers + 1, SLICE))
    done = 0

    async def work(connection: Connection) -> None:
        nonlocal done
        for begin in slices:
            end = min(begin + SLICE - 1, customers)
            for statement in STATEMENTS:
                await connection.execute(statement, begin, end)
            done += end - begin + 1
            progress("customers", done, customers)

    await asyncio.gather(*(work(connection) for connection in connections))


async def _add_balances(connection: Connection, customers: int) -> None:
    await connection.executemany(
        """UPDATE ledger.account SET debits_posted = debits_posted + $2, credits_posted = credits_posted + $3
           WHERE id = $1::uuid""",
        balances(customers),
    )


async def _each_table(connections: Sequence[Connection], command: str, progress: Progress) -> None:
    """Runs `command` for each table, the largest first."""
    rows = await connections[0].fetch(
        "SELECT name FROM unnest($1::text[]) name ORDER BY pg_table_size(name) DESC", list(TABLES)
    )
    tables = iter([row["name"] for row in rows])
    done = 0

    async def work(connection: Connection) -> None:
        nonlocal done
        for table in tables:
            await connection.execute(f"{command} {table}")
            done += 1
            progress(command.split()[0].lower(), done, len(TABLES))

    await asyncio.gather(*(work(connection) for connection in connections))
