"""PostgreSQL through asyncpg: one pool, explicit transactions, plain SQL elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
    Row = asyncpg.Record
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool
    Row = asyncpg.Record


class Database:
    """A pool of connections under one role.

    `transaction()` is one step of work: everything in it is committed together at its end.
    No call to the outside world, no signature and no PDF work belongs inside one.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: commits at the end, rolls back on any exception."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside a transaction: for single statements, above all reads."""
        async with self.pool.acquire() as connection:
            yield connection

    async def close(self) -> None:
        """Closes every connection."""
        await self.pool.close()


async def connect(url: str, *, connections_max: int = 8, application_name: str = "meterai") -> Database:
    """Opens a pool on `url`. jsonb columns take and give Python values (through msgspec).

    Raises: OSError or asyncpg.PostgresError when the server can't be reached.
    """
    pool = await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=connections_max,
        init=_prepare,
        reset=_keep,
        max_inactive_connection_lifetime=0,
        server_settings={
            "application_name": application_name,
            "timezone": "UTC",
            # Every statement finds its rows by a key, so no value deserves a plan of its own.
            "plan_cache_mode": "force_generic_plan",
        },
    )
    return Database(pool)


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=lambda text: msgspec.json.decode(text),
    )


async def _keep(connection: Any) -> None:
    """Nothing to reset: we set no session state (asyncpg's default costs a round trip per use)."""
