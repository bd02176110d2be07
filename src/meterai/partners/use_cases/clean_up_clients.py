"""Deletes what says nothing any more about clients of the API (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.usage import store as usage

_BATCH = 1_000
_REQUESTS = 20_000


async def clean_up_clients(db: Database, *, now: datetime) -> int:
    """Deletes assertions that have expired, counts of past days and old requests. Returns how many rows went.

    Stamps of days that are over are added up by client and day.
    """
    async with db.connection() as connection:
        gone = await store.clean_up(connection, now, limit=_BATCH)
        return gone + await usage.clean_up(connection, now, limit=_REQUESTS)
