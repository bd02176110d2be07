"""Writes to the public log that a person bought without a place in line, and why."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Literal

from meterai.kit.database import Database
from meterai.waiting_room.files.log_facts import BypassFacts
from meterai.waiting_room.store import log_rows

BypassReason = Literal["was_inside", "general_share", "probe"]
"""`was_inside`: entered before people had to wait; `general_share`: bought for no event meanwhile; `probe`:
the status page tried whether people can buy."""


async def log_bypass(
    db: Database, queue: int, reason: BypassReason, *, order_id: uuid.UUID, now: datetime
) -> None:
    """Logs the reason and a digest of the order's id: nothing personal, and each order counts once."""
    ref = hashlib.sha256(b"meterai bypass\x00" + order_id.bytes).hexdigest()[:32]
    async with db.connection() as connection:
        await log_rows.add_to_log(connection, queue, BypassFacts(why=reason, ref=ref), now)
