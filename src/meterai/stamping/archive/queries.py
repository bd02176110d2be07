"""Read-only queries about the archive."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kit.database import Database
from meterai.stamping.archive.level import Level


class ArchiveCount(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the files at one level."""

    level: Level
    files: int
    due: int
    """Files to be looked at now. A file whose time stamp is owed, or was written off, does not count."""
    in_trouble: int
    """Files whose last attempt did not finish."""
    next_due: datetime | None
    """When the next file is due, among those whose time stamp isn't owed."""
    trouble: str
    """The most common reason; empty when there is none."""


async def count_archive(db: Database, now: datetime) -> list[ArchiveCount]:
    """Counts the archive's files, one entry per level."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT level, count(*) AS files,
                   count(*) FILTER (WHERE due_at <= $1 AND owed.document_id IS NULL) AS due,
                   count(trouble_code) AS in_trouble,
                   min(due_at) FILTER (WHERE due_at > $1 AND owed.document_id IS NULL) AS next_due,
                   coalesce(mode() WITHIN GROUP (ORDER BY trouble_code), '') AS trouble
               FROM stamping.archive a LEFT JOIN (
                   SELECT DISTINCT document_id FROM stamping.time_stamp_owed WHERE paid_at IS NULL
               ) owed ON owed.document_id = a.document_id
               GROUP BY level ORDER BY level""",
            now,
        )
    counts = [ArchiveCount(**{**dict(row), "level": Level(row["level"])}) for row in rows]
    return sorted(counts, key=lambda count: count.level.rank)
