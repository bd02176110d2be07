"""Read-only answers about the archive."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kit.database import Database
from meterai.stamping.archive.level import Level


class ArchiveCount(msgspec.Struct, frozen=True, kw_only=True):
    """Files of one level."""

    level: Level
    files: int
    due: int
    """To be looked at now."""
    in_trouble: int
    """Whose last attempt did not finish."""
    next_due: datetime | None
    trouble: str
    """The commonest reason; empty when there is none."""


async def count_archive(db: Database, now: datetime) -> list[ArchiveCount]:
    """The archive's book in one line per level."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT level, count(*) AS files, count(*) FILTER (WHERE due_at <= $1) AS due,
                   count(trouble_code) AS in_trouble, min(due_at) FILTER (WHERE due_at > $1) AS next_due,
                   coalesce(mode() WITHIN GROUP (ORDER BY trouble_code), '') AS trouble
               FROM stamping.archive GROUP BY level ORDER BY level""",
            now,
        )
    counts = [ArchiveCount(**{**dict(row), "level": Level(row["level"])}) for row in rows]
    return sorted(counts, key=lambda count: count.level.rank)
