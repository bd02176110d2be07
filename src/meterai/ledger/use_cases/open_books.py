"""Opens the accounts that every installation has."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.ledger import store


async def open_books(db: Database, *, now: datetime) -> None:
    """Opens every account of the chain, but for quota lots. Doing it again changes nothing."""
    async with db.transaction() as tx:
        await store.open_books(tx, now)
