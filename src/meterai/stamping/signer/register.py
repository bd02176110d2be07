"""What the signer reads and writes in the database, under a role of its own that can do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterai.kit.database import Connection


async def count_and_read(
    conn: Connection, serials: Sequence[str], key_id: str, now: datetime
) -> dict[str, bytes]:
    """Counts an attempt for each serial with a stored intent, and gives the digests to be signed (I8).

    In the order of the attempts' numbers: whoever signs in this order can tell after a crash which were left.
    """
    rows = await conn.fetch(
        "SELECT serial, digest FROM stamping.begin_signing($1, $2, $3) ORDER BY attempt",
        list(serials),
        key_id,
        now,
    )
    return {row["serial"]: row["digest"] for row in rows}


async def allocated(conn: Connection, serials: Sequence[str]) -> set[str]:
    """Which of these serial numbers exist and are neither annulled nor released."""
    rows = await conn.fetch(
        "SELECT serial FROM stamping.serial WHERE serial = ANY ($1) AND state IN ('allocated', 'sealed')",
        list(serials),
    )
    return {row["serial"] for row in rows}


async def counted_attempts(conn: Connection, key_id: str) -> int:
    """Attempts that reached the key, as far as the register knows; those that a restore found too."""
    count = await conn.fetchval(
        """SELECT (SELECT count(*) FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL)
               + (SELECT coalesce(sum(uses), 0) FROM stamping.forgotten_use WHERE key_id = $1)""",
        key_id,
    )
    return int(count)


async def sealed_by_newest(conn: Connection, key_id: str, count: int) -> int:
    """How many serials are sealed by none but the newest attempts of a key: so these did reach it."""
    sealed = await conn.fetchval(
        """WITH newest AS (
               SELECT id, serial FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL
               ORDER BY id DESC LIMIT $2
           )
           SELECT count(*) FROM stamping.serial s
           WHERE s.serial = ANY (ARRAY(SELECT serial FROM newest))  -- arrays: planned as few
               AND s.state IN ('sealed', 'released') AND NOT EXISTS (
                   SELECT FROM stamping.sign_attempt a WHERE a.serial = s.serial AND a.abandoned_at IS NULL
                       AND a.id <> ALL (ARRAY(SELECT id FROM newest)))""",
        key_id,
        count,
    )
    return int(sealed)


async def abandon_newest(conn: Connection, key_id: str, count: int, now: datetime) -> int:
    """Marks the newest attempts of a key as never used; returns how many were marked."""
    rows = await conn.fetch(
        """SELECT id FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL
           ORDER BY id DESC LIMIT $2""",
        key_id,
        count,
    )
    marked = await conn.fetchval("SELECT stamping.abandon_attempts($1, $2)", [row["id"] for row in rows], now)
    return int(marked)


async def throw_switch(conn: Connection, reason: str, now: datetime) -> bool:
    """Throws the stop switch; only a person releases it. Returns whether it was not thrown before."""
    return bool(await conn.fetchval("SELECT operations.trip_sealing_stop($1, $2)", reason, now))
