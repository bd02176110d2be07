"""Documents and jobs of one owner, alone or in pages. What belongs to others is not found (I16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, Database, Row
from meterai.stamping.model import JobState
from meterai.stamping.placement import Placement

type Behind = tuple[datetime, UUID]
"""When the last row of the page before was made, and its id."""

_JOBS = """
    SELECT j.id, j.document_id, j.state, j.created_at, j.ended_at,
        coalesce(j.refusal_code, CASE WHEN j.ended_at IS NULL THEN j.trouble_code END) AS problem,
        s.serials, s.placements, r.sha256, r.bytes
    FROM stamping.job j
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(s.serial ORDER BY s.ordinal), '{}') AS serials,
            coalesce(jsonb_agg(s.placement ORDER BY s.ordinal), '[]') AS placements
        FROM stamping.serial s WHERE s.job_id = j.id
    ) s
    LEFT JOIN LATERAL (
        SELECT r.sha256, r.bytes FROM stamping.release r
        WHERE j.state = 'released' AND r.document_id = j.document_id ORDER BY r.version DESC LIMIT 1
    ) r ON true
"""
_DOCUMENTS = """
    SELECT d.id, d.name, d.input_object, d.input_bytes, d.profile, d.inspection -> 'pages' AS pages,
        d.inspection -> 'notices' AS notices, d.placements, d.created_at, d.retained_until,
        d.input_deleted_at IS NOT NULL AS is_deleted,
        (SELECT j.id FROM stamping.job j WHERE j.document_id = d.id
         ORDER BY j.created_at DESC, j.id DESC LIMIT 1) AS job_id
    FROM stamping.document d
"""


class OwnedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job with what it put on the document."""

    id: UUID
    document_id: UUID
    state: JobState
    problem: str | None
    """Code of the refusal, or of what ended the last attempt."""
    serials: tuple[SerialNumber, ...]
    """Empty of a refused job whose serial number was taken before, and waits again."""
    placements: tuple[Placement, ...]
    sha256: str | None
    """SHA-256 of the newest version of the stamped file."""
    bytes: int | None
    created_at: datetime
    ended_at: datetime | None


class OwnedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document."""

    id: UUID
    name: str
    sha256: str
    """SHA-256 of the bytes that are stamped."""
    bytes: int
    profile: str
    pages: int
    notices: tuple[str, ...]
    placements: tuple[Placement, ...]
    job_id: UUID | None
    created_at: datetime
    retained_until: datetime
    is_deleted: bool


async def owned_job(db: Database, job_id: UUID, customer_id: UUID) -> OwnedJob | None:
    """Returns a job of this customer."""
    found = await _jobs(db, "j.id = $2", customer_id, job_id)
    return found[0] if found else None


async def owned_jobs(
    db: Database, customer_id: UUID, *, behind: Behind | None, document_id: UUID | None, limit: int
) -> list[OwnedJob]:
    """Lists the customer's jobs, the newest first; with `document_id` those of this document."""
    return await _jobs(
        db,
        """($2::uuid IS NULL OR j.document_id = $2)
           AND ($3::timestamptz IS NULL OR (j.created_at, j.id) < ($3, $4::uuid))
           ORDER BY j.created_at DESC, j.id DESC LIMIT $5""",
        customer_id,
        document_id,
        *(behind or (None, None)),
        limit,
    )


async def owned_document(db: Database, document_id: UUID, customer_id: UUID) -> OwnedDocument | None:
    """Returns a document of this customer."""
    async with db.connection() as conn:
        found = await _documents(conn, "d.id = $2", customer_id, document_id)
    return found[0] if found else None


async def owned_documents(
    db: Database, customer_id: UUID, *, behind: Behind | None, only: Sequence[UUID] | None, limit: int
) -> list[OwnedDocument]:
    """Lists the customer's documents, the newest first; with `only` those of them."""
    async with db.connection() as conn:
        return await _documents(
            conn,
            """($2::uuid[] IS NULL OR d.id = ANY ($2))
               AND ($3::timestamptz IS NULL OR (d.created_at, d.id) < ($3, $4::uuid))
               ORDER BY d.created_at DESC, d.id DESC LIMIT $5""",
            customer_id,
            None if only is None else list(only),
            *(behind or (None, None)),
            limit,
        )


async def _jobs(db: Database, condition: str, customer_id: UUID, *values: Any) -> list[OwnedJob]:
    async with db.connection() as conn:
        rows = await conn.fetch(f"{_JOBS} WHERE j.customer_id = $1 AND {condition}", customer_id, *values)
    return [_job(row) for row in rows]


async def _documents(
    conn: Connection, condition: str, customer_id: UUID, *values: Any
) -> list[OwnedDocument]:
    rows = await conn.fetch(f"{_DOCUMENTS} WHERE d.customer_id = $1 AND {condition}", customer_id, *values)
    return [_document(row) for row in rows]


def _job(row: Row) -> OwnedJob:
    return OwnedJob(
        id=row["id"],
        document_id=row["document_id"],
        state=JobState(row["state"]),
        problem=row["problem"],
        serials=tuple(row["serials"]),
        placements=tuple(msgspec.convert(row["placements"], list[Placement])),
        sha256=row["sha256"],
        bytes=row["bytes"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def _document(row: Row) -> OwnedDocument:
    return OwnedDocument(
        id=row["id"],
        name=row["name"],
        sha256=row["input_object"],
        bytes=row["input_bytes"],
        profile=row["profile"],
        pages=len(row["pages"]),
        notices=tuple(row["notices"] or ()),
        placements=tuple(msgspec.convert(row["placements"], list[Placement])),
        job_id=row["job_id"],
        created_at=row["created_at"],
        retained_until=row["retained_until"],
        is_deleted=row["is_deleted"],
    )
