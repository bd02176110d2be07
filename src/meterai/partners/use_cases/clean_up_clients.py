"""Deletes what says nothing any more about clients of the API (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.partners.clients import store

_BATCH = 1_000


async def clean_up_clients(db: Database, *, now: datetime) -> int:
    """Deletes assertions that have expired, and counts of past days. Returns how many rows went."""
    async with db.connection() as connection:
        return await store.clean_up(connection, now, limit=_BATCH)
