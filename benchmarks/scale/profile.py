"""Where PostgreSQL spends its time: by statement, and on what its connections wait."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

_EVERY_S: Final = 0.25
_SHOWN: Final = 10
_HAS_EXTENSION: Final = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
_LOGGED: Final = re.compile(r"duration: ([\d.]+) ms  \w+(?: [^:\n]*)?: ([^\n]*(?:\n\t[^\n]*)*)")
"""A statement in the server's log: milliseconds and its text, whose further lines begin with a tab."""
_STATEMENTS: Final = """
SELECT query, calls, total_exec_time + total_plan_time AS ms, rows FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY ms DESC
"""
_WAITS: Final = """
SELECT coalesce(wait_event_type, 'CPU') AS kind, coalesce(wait_event, 'running') AS event, query,
       (SELECT string_agg(DISTINCT query, ' | ') FROM pg_stat_activity b
        WHERE a.wait_event_type = 'Lock' AND b.pid = ANY (pg_blocking_pids(a.pid))) AS blocked_by
FROM pg_stat_activity a
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (state = 'active' OR state LIKE 'idle in transaction%')
"""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, with its share of the time that PostgreSQL spent in statements."""

    text: str
    calls_per_order: float
    ms_per_order: float
    share: float


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """On what connections with a transaction waited, as a share of all that were seen."""

    event: str
    share: float
    statement: str
    """The one most often seen at it."""
    blocked_by: str = ""
    """For a lock: the statement most often seen of the holder."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time went."""

    source: str
    statements: list[Statement]
    statements_known: int
    waits: list[Wait]
    connections_busy: float
    """On average."""


async def prepare(admin_url: str) -> None:
    """Lets the server count statements from its next start on, or log them where it can't count."""
    admin = await asyncpg.connect(admin_url)
    try:
        if await admin.fetchval(_HAS_EXTENSION):
            await admin.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
            await admin.execute("ALTER SYSTEM SET pg_stat_statements.track_planning = on")
        else:
            await admin.execute("ALTER SYSTEM SET log_min_duration_statement = 0")
    finally:
        await admin.close()


class Profiler:
    """Looks at a server while people order."""

    def __init__(self, admin: asyncpg.Connection, log: Path | None) -> None:
        self._admin, self._log = admin, log
        self._log_from = log.stat().st_size if log else 0
        self._seen: Counter[str] = Counter()
        self._queries: dict[str, Counter[str]] = {}
        self._blockers: dict[str, Counter[str]] = {}
        self._looks = 0

    async def watch(self) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            self._looks += 1
            for row in await self._admin.fetch(_WAITS):
                event = f"{row['kind']}: {row['event']}"
                self._seen[event] += 1
                self._queries.setdefault(event, Counter())[_short(row["query"])] += 1
                if row["blocked_by"]:
                    self._blockers.setdefault(event, Counter())[_short(row["blocked_by"])] += 1
            await asyncio.sleep(_EVERY_S)

    async def profile(self, orders: int) -> Profile:
        """What was seen, with the statements of so many orders."""
        rows = await self._statements()
        together = sum(ms for _, _, ms in rows) or 1.0
        statements = [
            Statement(
                text=_short(text),
                calls_per_order=round(calls / max(orders, 1), 2),
                ms_per_order=round(ms / max(orders, 1), 3),
                share=round(ms / together, 4),
            )
            for text, calls, ms in rows[:_SHOWN]
        ]
        seen = sum(self._seen.values())
        return Profile(
            source="log_min_duration_statement" if self._log else "pg_stat_statements",
            statements=statements,
            statements_known=len(rows),
            waits=[self._wait(event, count / seen) for event, count in self._seen.most_common(_SHOWN)],
            connections_busy=round(seen / max(self._looks, 1), 2),
        )

    async def _statements(self) -> list[tuple[str, int, float]]:
        """(text, calls, ms) of each, the costliest first."""
        if self._log is None:
            rows = await self._admin.fetch(_STATEMENTS)
            return [(row["query"], row["calls"], row["ms"]) for row in rows]
        with self._log.open("rb") as log:
            log.seek(self._log_from)
            return statements_of_log(log.read().decode(errors="replace"))

    def _wait(self, event: str, share: float) -> Wait:
        blockers = self._blockers.get(event)
        return Wait(
            event=event,
            share=round(share, 4),
            statement=self._queries[event].most_common(1)[0][0],
            blocked_by=blockers.most_common(1)[0][0] if blockers else "",
        )


def statements_of_log(text: str) -> list[tuple[str, int, float]]:
    """(text, calls, ms) of each statement in a server's log, the costliest first."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for duration, statement in _LOGGED.findall(text):
        times[statement].append(float(duration))
    found = [(statement, len(spent), sum(spent)) for statement, spent in times.items()]
    return sorted(found, key=lambda one: -one[2])


@asynccontextmanager
async def profiling(admin_url: str, log: Path) -> AsyncIterator[Profiler]:
    """Looks at the server within the block; statements are counted from its begin. `log`: the server's."""
    admin = await asyncpg.connect(admin_url)
    try:
        counts = await admin.fetchval(_HAS_EXTENSION)
        if counts:
            await admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await admin.execute("SELECT pg_stat_statements_reset()")
        profiler = Profiler(admin, None if counts else log)
        watching = asyncio.create_task(profiler.watch())
        try:
            yield profiler
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        await admin.close()


def _short(query: str) -> str:
    return re.sub(r"\s+", " ", query).strip()[:160]
