"""Statements that write what belongs to claims, beside `store.py`: knocks at a full door, bypasses."""

from __future__ import annotations

from datetime import datetime, timedelta

from meterai.kit.database import Connection

KNOCKED_LATELY = timedelta(seconds=60)


async def note_knock(tx: Connection, queue: int, id: bytes, now: datetime) -> int:
    """Somebody who is called found the door full; gives how many knocked in the last minute, this one too."""
    await tx.execute(
        """INSERT INTO waiting_room.knock (queue, id, first_at, last_at) VALUES ($1, $2, $3, $3)
           ON CONFLICT (queue, id) DO UPDATE SET last_at = $3""",
        queue,
        id,
        now,
    )
    knocking: int = await tx.fetchval(
        """SELECT count(*) FROM waiting_room.knock k WHERE queue = $1 AND last_at > $2
           AND NOT EXISTS (SELECT FROM waiting_room.pass p WHERE p.queue = k.queue AND p.id = k.id)""",
        queue,
        now - KNOCKED_LATELY,
    )
    return knocking
