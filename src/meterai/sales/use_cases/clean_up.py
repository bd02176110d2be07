"""Forgets drafts that nobody finished (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Database
from meterai.sales.store import drafts

DRAFT_LIFE = timedelta(days=7)


async def clean_up_orders(db: Database, *, now: datetime, limit: int = 500) -> int:
    """Deletes drafts, and orders cancelled before they were placed, a week after they were opened."""
    async with db.connection() as connection:
        return await drafts.delete_drafts(connection, now - DRAFT_LIFE, limit)
