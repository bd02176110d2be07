"""Reads of differences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from meterai.accounting.matching.model import Difference, Name
from meterai.kit.database import Connection, Database


class OpenDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """Those of one name that are open."""

    count: int
    oldest: datetime


async def differences(db: Database, *, resolved: bool, limit: int) -> list[Difference]:
    """The open differences, oldest first; or those that are resolved, newest first."""
    order = "d.resolved_at DESC" if resolved else "d.found_at, d.name, d.subject"
    async with db.connection() as conn:
        rows = await conn.fetch(
            f"""SELECT d.id, d.name, d.gateway, d.subject, d.expected, d.seen, d.found_at, d.resolved_at,
                   coalesce(l.words, '') AS words
               FROM accounting.difference d
               LEFT JOIN accounting.bank_line l ON d.gateway = '' AND l.id::text = d.subject
               WHERE (d.resolved_at IS NOT NULL) = $1 ORDER BY {order} LIMIT $2""",  # noqa: S608 (our own)
            resolved,
            limit,
        )
    return [Difference(**{**row, "name": Name(row["name"])}) for row in map(dict, rows)]


async def open_by_name(conn: Connection) -> Mapping[Name, OpenDifferences]:
    """How many differences of each name are open, and since when the oldest is."""
    rows = await conn.fetch(
        """SELECT name, count(*) AS count, min(found_at) AS oldest FROM accounting.difference
           WHERE resolved_at IS NULL GROUP BY name"""
    )
    return {Name(row["name"]): OpenDifferences(count=row["count"], oldest=row["oldest"]) for row in rows}
