"""Forgets old batches (I18: nothing grows without bound). Their serial numbers stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from meterai.kit.database import Database
from meterai.partners.batches import store

BATCHES_KEPT: Final = timedelta(days=30)
_LIMIT: Final = 200
"""Batches at once; each may have a thousand documents."""


async def clean_up_batches(db: Database, *, now: datetime) -> int:
    """Deletes batches older than `BATCHES_KEPT`, with what their clients said of the documents."""
    async with db.connection() as connection:
        return await store.forget(connection, now - BATCHES_KEPT, limit=_LIMIT)
