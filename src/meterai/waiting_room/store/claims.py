"""Statements about claims: knocks at a full admission, the share of the general shop, certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from meterai.kit.database import Connection, call
from meterai.waiting_room.rules.admission import KNOCKED_LATELY_S

_KNOCKED_LATELY = timedelta(seconds=KNOCKED_LATELY_S)
_COUNTED_MAX = 5_000
"""The number of people who are counted at a full admission. At 10,000 a minute they fill half a minute,
which is the longest wait that people are given."""


async def set_admission_right(tx: Connection, queue: int, now: float) -> None:
    """Moves times in the future back to `now`, after a clock that had been ahead was set right.

    Otherwise the admission would not fill until then.
    """
    await tx.execute(
        "UPDATE waiting_room.door SET filled_at = $2 WHERE queue = $1 AND filled_at > $2", queue, now
    )
    for share in (GENERAL_SHARE, PARTNER_SHARE):
        await tx.execute(
            f"UPDATE waiting_room.{share} SET filled_at = $1 WHERE filled_at > $1",  # noqa: S608
            now,
        )
    await tx.execute(
        "UPDATE waiting_room.knock SET last_at = $2 WHERE queue = $1 AND last_at > $2",
        queue,
        datetime.fromtimestamp(now, UTC),
    )


async def note_knock(tx: Connection, queue: int, id: bytes, now: datetime) -> int:
    """Notes that a called person found the admission full. Returns how many knocked in the last minute."""
    await tx.execute(
        """INSERT INTO waiting_room.knock (queue, id, first_at, last_at) VALUES ($1, $2, $3, $3)
           ON CONFLICT (queue, id) DO UPDATE SET last_at = $3""",
        queue,
        id,
        now,
    )
    return await count_knocking(tx, queue, now)


async def count_knocking(conn: Connection, queue: int, now: datetime) -> int:
    """How many called people found the admission full during the last minute and are not in yet, up to a
    limit.

    The order makes the index the only way, however many rows the planner expects.
    """
    count: int = await conn.fetchval(
        """SELECT count(*) FROM (SELECT FROM waiting_room.knock WHERE queue = $1 AND last_at > $2
               ORDER BY last_at DESC LIMIT $3) AS lately""",
        queue,
        now - _KNOCKED_LATELY,
        _COUNTED_MAX,
    )
    return count


async def first_knock(conn: Connection, queue: int, id: bytes) -> tuple[datetime, datetime] | None:
    """The first and the last time at which a person who is not in found the admission full, if ever."""
    row = await conn.fetchrow(
        "SELECT first_at, last_at FROM waiting_room.knock WHERE queue = $1 AND id = $2", queue, id
    )
    return (row["first_at"], row["last_at"]) if row else None


async def forget_knocks(conn: Connection, *, before: datetime) -> int:
    """Deletes old knocks. Returns their number."""
    deleted: int = await conn.fetchval(
        """WITH gone AS (DELETE FROM waiting_room.knock WHERE last_at < $1 RETURNING 1)
           SELECT count(*) FROM gone""",
        before,
    )
    return deleted


GENERAL_SHARE: Final = "general_share"
PARTNER_SHARE: Final = "partner_share"
"""The tables of the shares: purchases for no event, and orders of partners."""


async def take_place(
    conn: Connection, share: str, *, per_second: float, depth: float, needed: float, now: float
) -> bool:
    """Takes a place in a share, after filling it up to `now`. False: fewer than `needed` are left."""
    taken = await conn.fetchval(
        f"""UPDATE waiting_room.{share} SET filled_at = GREATEST(filled_at, $4),
               level = LEAST($2, level + $1 * GREATEST(0, $4 - filled_at)) - 1
           WHERE LEAST($2, level + $1 * GREATEST(0, $4 - filled_at)) >= $3 RETURNING true""",  # noqa: S608
        per_second,
        depth,
        needed,
        now,
    )
    return taken is True


async def general_level(conn: Connection, *, per_second: float, depth: float, now: float) -> float:
    """How many places the share of purchases for no event has at `now`."""
    level: float = await conn.fetchval(
        """SELECT LEAST($2, level + $1 * GREATEST(0, $3 - filled_at)) FROM waiting_room.general_share""",
        per_second,
        depth,
        now,
    )
    return level


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


async def forget_people(conn: Connection, *, before: datetime) -> int:
    """Deletes reminders and empties certificates of events that closed before. Returns how many."""
    forgotten: int = await conn.fetchval(call("waiting_room.forget_people", 1), before)
    return forgotten
