"""Forgets old events and their deliveries (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meterai.kit.database import Database
from meterai.partners.webhooks import store

EVENTS_KEPT: Final = timedelta(days=30)
_LIMIT: Final = 2_000


async def clean_up_webhooks(db: Database, *, now: datetime) -> int:
    """Deletes events older than `EVENTS_KEPT`, secrets that ended then, and removed webhooks."""
    async with db.connection() as connection:
        return await store.forget(connection, now - EVENTS_KEPT, limit=_LIMIT)
