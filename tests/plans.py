"""Where PostgreSQL looks for the rows of the product's statements in tables that have grown large."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
from tests.storage_fixtures import TestDatabase

from meterai.kit.database import Connection, Database

_EXPLAINED = ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")


async def believe_large(database: TestDatabase, *tables: str) -> None:
    """Has the planner take tables that hold a row or more for large ones, in which things are as they are
    now. What their partial indexes hold is as little as it is."""
    for table in tables:
        await database.owner.execute(f"ANALYZE {table}")
        await database.owner.execute(
            "UPDATE pg_class SET reltuples = 4e6, relpages = 1 WHERE oid = $1::text::regclass", table
        )
        await database.owner.execute(
            """UPDATE pg_class SET reltuples = 4e6 FROM pg_index
               WHERE oid = indexrelid AND indpred IS NULL AND indrelid = $1::text::regclass""",
            table,
        )


async def looks_of(db: Database, work: Callable[[Connection], Awaitable[Any]]) -> set[str]:
    """Where the statements of `work` look, under the plans of the product's sessions: the indexes, and the
    tables that are read from one end to the other. Nothing stays of what it does."""
    statements: list[str] = []
    async with db.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        with connection.query_logger(lambda logged: statements.append(logged.query)):
            await work(connection)
            await asyncio.sleep(0)  # the statements are told of then
        plans = [await _plan(connection, text) for text in statements if text.lstrip().startswith(_EXPLAINED)]
        await transaction.rollback()
    assert plans
    return {look for plan in plans for look in _looks(plan)}


async def _plan(connection: Connection, statement: str) -> dict[str, Any]:
    parameters = max((int(number) for number in re.findall(r"\$(\d+)", statement)), default=0)
    nulls = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
    await connection.execute(f"PREPARE explained AS {statement}")
    text = await connection.fetchval(f"EXPLAIN (FORMAT json) EXECUTE explained{nulls}")
    await connection.execute("DEALLOCATE explained")
    plan: dict[str, Any] = msgspec.json.decode(text)[0]["Plan"]
    return plan


def _looks(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    elif "Index Name" in plan:
        yield plan["Index Name"]
    for below in plan.get("Plans", ()):
        yield from _looks(below)
