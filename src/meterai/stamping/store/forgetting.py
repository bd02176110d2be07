"""Statements on documents whose names and files are to be forgotten."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kit.database import Connection, call

KEPT = """EXISTS (SELECT FROM stamping.document kept
    WHERE kept.id = r.document_id AND kept.forgotten_at IS NULL)"""
"""SQL: the files of the release `r` are kept."""


async def forget_old(conn: Connection, before: datetime, now: datetime) -> int:
    """Forgets the names of documents whose last job ended before. Returns how many."""
    forgotten: int = await conn.fetchval(call("stamping.forget_old", 2), before, now)
    return forgotten


async def to_delete(conn: Connection, *, limit: int) -> list[UUID]:
    """Lists forgotten documents whose stamped files are still there, in the order of forgetting."""
    ids: list[UUID] = await conn.fetchval(
        """SELECT ARRAY(SELECT id FROM stamping.document
               WHERE forgotten_at IS NOT NULL AND files_deleted_at IS NULL ORDER BY forgotten_at LIMIT $1)""",
        limit,
    )
    return ids


async def released_keys(conn: Connection, document_id: UUID) -> list[str]:
    """Lists the objects of all versions of a stamped file, in the order in which they are locked."""
    rows = await conn.fetch(
        """SELECT DISTINCT sha256 FROM stamping.release WHERE document_id = $1 AND NOT imported
           ORDER BY sha256""",
        document_id,
    )
    return [row["sha256"] for row in rows]


async def note_deleted(conn: Connection, document_id: UUID, now: datetime) -> None:
    """Notes that no stamped file of a document is there any more."""
    await conn.execute("UPDATE stamping.document SET files_deleted_at = $2 WHERE id = $1", document_id, now)
