"""Where PostgreSQL looks for the rows of the product's statements in tables that have grown large."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from meterai.kit.database import Connection, Database
from tests.storage_fixtures import TestDatabase

_LOOKS = """
    SELECT pg_class.oid::regclass::text AS name, pg_stat_get_xact_numscans(pg_class.oid) AS looks
    FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'i') AND nspname !~ '^pg_'
"""


async def believe_large(database: TestDatabase, *tables: str) -> None:
    """Makes the planner take tables with a row or more for large ones, with the states of their rows as now.

    Partial indexes stay as small as they are.
    """
    for table in tables:
        await database.owner.execute(f"ANALYZE {table}")
        await database.owner.execute(
            """UPDATE pg_class SET reltuples = 4e6, relpages = 1
               WHERE oid = $1::text::regclass OR oid IN (SELECT indexrelid FROM pg_index
                   WHERE indrelid = $1::text::regclass AND indpred IS NULL)""",
            table,
        )


async def looks_of(db: Database, work: Callable[[Connection], Awaitable[Any]]) -> set[str]:
    """Where `work` looks, as a session of the product plans it: in these indexes, and in these tables from
    one end to the other. Nothing stays of what it does."""
    async with db.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        before = await _looks(connection)
        await work(connection)
        after = await _looks(connection)
        await transaction.rollback()
    return {name for name, looks in after.items() if looks > before[name]}


async def _looks(connection: Connection) -> dict[str, int]:
    return {row["name"]: row["looks"] for row in await connection.fetch(_LOOKS)}
