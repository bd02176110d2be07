"""Deletes closed cases whose time is over (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.cases import store
from meterai.kit.database import Database


async def clean_up_cases(db: Database, *, days: int, now: datetime) -> int:
    """Deletes cases that were closed `days` ago. Returns how many."""
    async with db.transaction() as tx:
        return await store.delete_closed(tx, now - timedelta(days=days))
