"""Lets a person begin a purchase for no event while people wait in line: a small share of the admission."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Database
from meterai.waiting_room.rules.general_share import depth_of, level_needed
from meterai.waiting_room.store import claims


async def take_general_place(db: Database, *, per_minute: int, had: float, now: datetime) -> bool:
    """Takes a place and returns whether there was one. With `per_minute` 0 only the line leads to one.

    `had`: the places that this person's network had lately.
    """
    if per_minute <= 0:
        return False
    async with db.connection() as connection:
        return await claims.take_place(
            connection,
            claims.GENERAL_SHARE,
            per_second=per_minute / 60,
            depth=depth_of(per_minute),
            needed=level_needed(per_minute, had),
            now=now.timestamp(),
        )
