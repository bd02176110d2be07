"""Leases batches for visits to their receivers."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.partners.batches import store
from meterai.partners.batches.model import BatchVisit
from meterai.partners.webhooks.use_cases.begin_visits import Room


async def begin_batch_visits(
    db: Database, room: Room, *, lease_until: datetime, now: datetime
) -> list[BatchVisit]:
    """Leases batches that are due. No other worker visits their receivers until the lease ends."""
    if not room.steady and not room.doubtful:
        return []
    async with db.connection() as connection:
        return await store.claim(
            connection, now, lease_until=lease_until, steady=room.steady, doubtful=room.doubtful
        )
