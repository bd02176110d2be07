"""Checks the invariants in the background, without files, and keeps what came of it for officers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kit.database import Connection, Database
from meterai.operations.use_cases.check_invariants import run_invariants

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=15)
_SHARE: Final = 10
"""A run that takes long is followed by a pause of ten times as long, so that it costs a tenth of a core."""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant that does not hold."""

    id: str
    title: str
    violations: int


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """The last check in the background."""

    begun_at: datetime
    finished_at: datetime | None
    """None: no run was finished yet."""
    seconds: float
    broken: tuple[Broken, ...]


async def last_run(conn: Connection) -> LastRun:
    """Reads what the last check found."""
    row = await conn.fetchrow("SELECT begun_at, finished_at, seconds, broken FROM operations.invariant_run")
    assert row is not None
    return msgspec.convert(dict(row), LastRun)


async def check_lately(db: Database, *, clock: Clock) -> int:
    """Checks all invariants, if that is due and no other worker does. Returns how many checks it made."""
    now = clock()
    if not await _begin(db, now):
        return 0
    began = asyncio.get_running_loop().time()
    results = await run_invariants(db, now=now, at_once=1)
    broken = [
        {"id": one.id, "title": one.title, "violations": one.violation_count} for one in results if not one.ok
    ]
    if broken:
        log.error("invariants_broken", invariants=[one["id"] for one in broken])
    async with db.connection() as connection:
        await connection.execute(
            "UPDATE operations.invariant_run SET finished_at = $1, seconds = $2, broken = $3",
            now,
            asyncio.get_running_loop().time() - began,
            broken,
        )
    return 1


async def _begin(db: Database, now: datetime) -> bool:
    """Whether this process makes the next check."""
    async with db.connection() as connection:
        begun = await connection.fetchval(
            """UPDATE operations.invariant_run SET begun_at = $1
               WHERE begun_at + greatest($2, make_interval(secs => $3 * seconds)) <= $1 RETURNING true""",
            now,
            EVERY,
            _SHARE,
        )
    return begun is True
