"""Leases webhooks for visits."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kit.database import Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import Visit


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How many visits may begin: to webhooks that took the last message, and to those that did not."""

    steady: int
    doubtful: int


async def begin_visits(db: Database, room: Room, *, lease_until: datetime, now: datetime) -> list[Visit]:
    """Leases webhooks that are due. No other worker visits them until the lease ends."""
    if not room.steady and not room.doubtful:
        return []
    async with db.connection() as connection:
        return await store.claim(
            connection, now, lease_until=lease_until, steady=room.steady, doubtful=room.doubtful
        )
