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


async def first_knock(conn: Connection, queue: int, id: bytes) -> tuple[datetime, datetime] | None:
    """When somebody found the door full for the first and the last time, if ever."""
    row = await conn.fetchrow(
        "SELECT first_at, last_at FROM waiting_room.knock WHERE queue = $1 AND id = $2", queue, id
    )
    return (row["first_at"], row["last_at"]) if row else None


async def forget_knocks(conn: Connection, *, before: datetime) -> int:
    """Deletes knocks of long ago; gives how many."""
    deleted: int = await conn.fetchval(
        """WITH gone AS (DELETE FROM waiting_room.knock WHERE last_at < $1 RETURNING 1)
           SELECT count(*) FROM gone""",
        before,
    )
    return deleted


async def take_general_place(conn: Connection, *, per_second: float, depth: float, now: float) -> bool:
    """Takes a place of the share of purchases for no event, filled up to `now` before. False: none left."""
    taken = await conn.fetchval(
        """UPDATE waiting_room.general_share SET filled_at = GREATEST(filled_at, $3),
               level = LEAST($2, level + $1 * GREATEST(0, $3 - filled_at)) - 1
           WHERE LEAST($2, level + $1 * GREATEST(0, $3 - filled_at)) >= 1 RETURNING true""",
        per_second,
        depth,
        now,
    )
    return taken is True


async def add_certificate(
    tx: Connection, queue: int, id: bytes, *, code: str, document: bytes, now: datetime
) -> bool:
    """Keeps a certificate; False when the contact has one for this event."""
    added = await tx.fetchval(
        """INSERT INTO waiting_room.certificate VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (queue, id) DO NOTHING RETURNING true""",
        queue,
        id,
        code,
        document,
        now,
    )
    return added is True


async def read_certificate(conn: Connection, queue: int, id: bytes) -> bytes | None:
    """The certificate of a contact, as signed."""
    found: bytes | None = await conn.fetchval(
        "SELECT document FROM waiting_room.certificate WHERE queue = $1 AND id = $2", queue, id
    )
    return found
