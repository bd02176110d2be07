"""Forgets codes, proofs and sessions that are over (I18: nothing grows without bound)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.customers import codes, store
from meterai.kit.database import Database


async def clean_up_customers(db: Database, *, now: datetime) -> int:
    """Deletes ended sessions, old proofs, and codes that no limit counts any more; gives how many."""
    async with db.connection() as connection:
        return await store.delete_expired(
            connection,
            codes_before=now - codes.SHARED_FOR,
            tried_before=now - codes.TRIED_WINDOW,
            sessions_before=now,
            proofs_before=now - codes.TRIED_WINDOW,
            counts_before=(now - codes.COUNTED_FOR).date(),
        )


async def forget_contacts(db: Database, *, removed_days: int, idle_days: int, now: datetime) -> int:
    """Deletes contacts that were taken off, and those of idle customers. Gives how many.

    Customers with quota, money or work under way are not idle.
    """
    async with db.connection() as connection:
        return await store.forget_contacts(
            connection,
            removed_before=now - timedelta(days=removed_days),
            idle_before=now - timedelta(days=idle_days),
        )
