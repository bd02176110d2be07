"""Lets an order of a partner begin while people wait in line: partners have a share of the admission."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from meterai.kit.database import Database
from meterai.waiting_room.rules.general_share import depth_of
from meterai.waiting_room.rules.partner_share import level_needed
from meterai.waiting_room.store import claims

WAIT_S_MAX: Final = 60


async def take_partner_place(db: Database, *, per_minute: float, had: float, now: datetime) -> int:
    """Takes a place. Returns 0, or after how many seconds to try again when none is left.

    `had`: the places that this organisation had lately. Those that had fewer come first.
    """
    needed = level_needed(per_minute, had)
    async with db.connection() as connection:
        taken = per_minute > 0 and await claims.take_place(
            connection,
            claims.PARTNER_SHARE,
            per_second=per_minute / 60,
            depth=depth_of(per_minute),
            needed=needed,
            now=now.timestamp(),
        )
    if taken:
        return 0
    return WAIT_S_MAX if per_minute <= 0 else min(WAIT_S_MAX, math.ceil(max(1.0, needed) * 60 / per_minute))
