"""The signer's access to the database, under a role that can do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterai.kit.database import Connection


async def count_and_read(
    conn: Connection, serials: Sequence[str], key_id: str, now: datetime
) -> dict[str, bytes]:
    """Counts an attempt for each serial with a stored intent, and returns the digests to be signed (I8).

    They come in the order of the attempts' numbers. A signer that signs in this order can tell after a crash
    which attempts were left.
    """
    rows = await conn.fetch(
        "SELECT serial, digest FROM stamping.begin_signing($1, $2, $3) ORDER BY attempt",
        list(serials),
        key_id,
        now,
    )
    return {row["serial"]: row["digest"] for row in rows}


async def allocated(conn: Connection, serials: Sequence[str]) -> set[str]:
    """Returns those serial numbers that exist and are neither annulled nor released."""
    rows = await conn.fetch(
        "SELECT serial FROM stamping.serial WHERE serial = ANY ($1) AND state IN ('allocated', 'sealed')",
        list(serials),
    )
    return {row["serial"] for row in rows}


async def may_be_dated(conn: Connection, digests: Sequence[bytes]) -> bool:
    """Whether each digest was asked to be dated for a released file."""
    may: bool = await conn.fetchval("SELECT stamping.may_be_dated($1)", list(digests))
    return may


async def counted_attempts(conn: Connection, key_id: str) -> int:
    """Counts the attempts that reached the key, by the register. Includes those found after a restore."""
    count = await conn.fetchval(
        """SELECT (SELECT count(*) FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL)
               + (SELECT coalesce(sum(uses), 0) FROM stamping.forgotten_use WHERE key_id = $1)""",
        key_id,
    )
    return int(count)


async def sealed_by_newest(conn: Connection, key_id: str, count: int) -> int:
    """Counts the serials that only the newest attempts of a key sealed: these attempts did reach it."""
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
    """Marks the newest attempts of a key as never used. Returns how many were marked."""
    rows = await conn.fetch(
        """SELECT id FROM stamping.sign_attempt WHERE key_id = $1 AND abandoned_at IS NULL
           ORDER BY id DESC LIMIT $2""",
        key_id,
        count,
    )
    marked = await conn.fetchval("SELECT stamping.abandon_attempts($1, $2)", [row["id"] for row in rows], now)
    return int(marked)


async def throw_switch(conn: Connection, reason: str, now: datetime) -> bool:
    """Throws the stop switch, which only a person can release. Returns whether it was off before."""
    return bool(await conn.fetchval("SELECT operations.trip_sealing_stop($1, $2)", reason, now))
