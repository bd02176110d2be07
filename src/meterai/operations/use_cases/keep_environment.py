"""Keeps the environment of an installation in its database. A start in another one is refused."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection, Database
from meterai.ledger.queries import has_books, transfers_of
from meterai.operations.use_cases.open_site import DEVELOPMENT_DEPOSIT
from meterai.sales.use_cases.issue_quota import ids_of_deposit


async def keep_environment(db: Database, environment: str, *, now: datetime) -> str:
    """Returns the environment of the installation. The first start decides it, with `environment`.

    An older installation has none yet and takes `environment`, with one exception. If it has books without
    development's deposit, it is production, and no start as development changes that.
    """
    async with db.transaction() as tx:
        if environment == "development" and not await _kept(tx) and await _sells_for_money(tx):
            return "production"
        await tx.execute(
            "INSERT INTO operations.environment (name, since) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            environment,
            now,
        )
        return await _kept(tx)


async def _kept(conn: Connection) -> str:
    return str(await conn.fetchval("SELECT name FROM operations.environment") or "")


async def _sells_for_money(conn: Connection) -> bool:
    if not await has_books(conn):
        return False
    for deposit_id in ids_of_deposit(DEVELOPMENT_DEPOSIT):
        if await transfers_of(conn, deposit_id):
            return False
    return True
