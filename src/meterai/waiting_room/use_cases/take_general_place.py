"""Lets somebody begin a purchase for no event while people wait in line for one: a small share of the door.

Stamp capacity and money are the same for all, so a shop that stayed wide open would be the way round every
line (docs/decisions/0013-the-general-shop-while-people-wait.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.kit.database import Database
from meterai.waiting_room.store import claims

DEPTH_S: Final = 10.0
"""How many seconds of the share may begin at once after a lull."""
DEPTH_MIN: Final = 2.0


async def take_general_place(db: Database, *, per_minute: int, now: datetime) -> bool:
    """Whether one more may begin now; it is counted then. `per_minute` 0: nobody may, but by the line."""
    if per_minute <= 0:
        return False
    depth = max(DEPTH_MIN, per_minute / 60 * DEPTH_S)
    async with db.connection() as connection:
        return await claims.take_general_place(
            connection, per_second=per_minute / 60, depth=depth, now=now.timestamp()
        )
