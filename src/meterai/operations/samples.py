"""Samples of the service, each of ten seconds, kept for two days: the console draws them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from meterai.kit.database import Connection

EVERY: Final = timedelta(seconds=10)
KEPT: Final = timedelta(hours=48)
_DELETED_AT_ONCE: Final = 1_000


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The service at the beginning of ten seconds."""

    slot: datetime
    orders: int
    """Orders for which a charge was asked for in the ten seconds before."""
    stamps_sold: int
    """All that left the seller's stock since the first day."""
    stamps_made: int
    """All that were used since the first day."""
    people: int
    """In the lines."""
    late_s: float
    """Age in seconds of the oldest order that is paid and not stamped; 0: none waits."""
    p95_s: float | None
    """Seconds from payment to stamp, for 95 of 100 orders of the last minutes. None: nobody paid."""
    signer_trouble: str
    """Why the signer can't sign; empty: it can."""
    tsa_ends: datetime | None
    free_bytes: Mapping[str, int]
    """Free bytes on the disk of each folder."""
    reserve_bytes: int


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of a stretch of time, put together for a chart. Ages and p95 are the worst of the stretch."""

    at: datetime
    orders: int
    samples: int
    stamps_made: int
    """At the end of the stretch."""
    people: int
    late_s: float
    p95_s: float | None


def slot_of(now: datetime) -> datetime:
    """The beginning of the ten seconds in which `now` lies."""
    seconds = int(EVERY.total_seconds())
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


async def has_sample(conn: Connection, slot: datetime) -> bool:
    """Whether some worker has written this slot."""
    found: bool = await conn.fetchval("SELECT EXISTS (SELECT FROM operations.sample WHERE slot = $1)", slot)
    return found


async def write_sample(conn: Connection, sample: Sample) -> bool:
    """Writes a sample. Returns whether it was the first one of its slot."""
    done = await conn.execute(
        """INSERT INTO operations.sample VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT (slot) DO NOTHING""",
        *(getattr(sample, name) for name in Sample.__struct_fields__),
    )
    return done != "INSERT 0 0"


async def forget_samples(conn: Connection, *, before: datetime) -> int:
    """Deletes up to a thousand samples that are older. Returns how many."""
    done = await conn.execute(
        """DELETE FROM operations.sample WHERE slot IN
           (SELECT slot FROM operations.sample WHERE slot < $1 ORDER BY slot LIMIT $2)""",
        before,
        _DELETED_AT_ONCE,
    )
    return int(done.split()[-1])


async def newest_sample(conn: Connection, *, until: datetime) -> Sample | None:
    """The newest sample of the moment `until` or earlier; None: there is none."""
    row = await conn.fetchrow(
        "SELECT * FROM operations.sample WHERE slot <= $1 ORDER BY slot DESC LIMIT 1", until
    )
    return Sample(**dict(row)) if row else None


async def points(conn: Connection, *, since: datetime, step: timedelta) -> list[Point]:
    """The samples since then in stretches of `step`, the oldest first. Stretches without any are left out."""
    rows = await conn.fetch(
        """SELECT date_bin($2, slot, 'epoch') AS at, sum(orders)::int AS orders, count(*)::int AS samples,
               max(stamps_made) AS stamps_made, max(people) AS people, max(late_s) AS late_s,
               max(p95_s) AS p95_s
           FROM operations.sample WHERE slot >= $1 GROUP BY 1 ORDER BY 1""",
        since,
        step,
    )
    return [Point(**dict(row)) for row in rows]
