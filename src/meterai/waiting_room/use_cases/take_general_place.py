"""Lets a person begin a purchase for no event while people wait in line: a small share of the admission.

Stamp capacity and money are the same for all. If the shop stayed wide open, people would use it to get round
every line (docs/decisions/0013-the-general-shop-while-people-wait.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.kit.database import Database
from meterai.waiting_room.store import claims

DEPTH_S: Final = 10.0
"""How many seconds of the share may begin at once after a quiet time."""
DEPTH_MIN: Final = 2.0


async def take_general_place(db: Database, *, per_minute: int, now: datetime) -> bool:
    """Counts one more purchase and returns whether it may begin. With `per_minute` 0 only the line leads
    to one."""
    if per_minute <= 0:
        return False
    depth = max(DEPTH_MIN, per_minute / 60 * DEPTH_S)
    async with db.connection() as connection:
        return await claims.take_general_place(
            connection, per_second=per_minute / 60, depth=depth, now=now.timestamp()
        )
