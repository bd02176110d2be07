"""Keeps in the database what an installation is: no start in the other environment may write to its books."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection, Database
from meterai.ledger.queries import has_books, transfers_of
from meterai.operations.use_cases.open_site import DEVELOPMENT_DEPOSIT
from meterai.sales.use_cases.issue_quota import ids_of_deposit


async def keep_environment(db: Database, environment: str, *, now: datetime) -> str:
    """What the installation is: as its first start said, which is `environment` when this is the first.

    One from before that was kept is what it runs as now. But one with books and without development's deposit
    was never started as development: it is production, and that is noted when it starts as such.
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
