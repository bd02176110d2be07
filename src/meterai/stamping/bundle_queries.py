"""Read-only answers about bundles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Database, Row
from meterai.kit.pdf.profiles import Profile
from meterai.stamping.bundle import Bundle, BundleFile, Outcome

_FILES = """
    SELECT f.id, f.path, f.sha256, f.bytes, f.document_id, f.refusal_code, f.refusal_facts,
        jsonb_array_length(d.inspection -> 'pages') AS pages, d.inspection -> 'notices' AS notices,
        d.profile, d.input_deleted_at, d.retained_until AS kept_until,
        j.state, j.refusal_code AS job_refusal_code, j.trouble_code, s.serial,
        r.sha256 AS stamped_sha256, r.bytes AS stamped_bytes,
        ARRAY(SELECT e.sha256 FROM stamping.release e
              WHERE e.serial = s.serial AND e.version < r.version ORDER BY e.version) AS earlier_sha256
    FROM stamping.bundle_file f
    LEFT JOIN stamping.document d ON d.id = f.document_id
    LEFT JOIN LATERAL (
        SELECT id, state, refusal_code, trouble_code FROM stamping.job
        WHERE document_id = f.document_id ORDER BY created_at DESC, id DESC LIMIT 1
    ) j ON true
    LEFT JOIN stamping.serial s ON s.job_id = j.id AND s.ordinal = 1
    LEFT JOIN LATERAL (
        SELECT version, sha256, bytes FROM stamping.release
        WHERE serial = s.serial ORDER BY version DESC LIMIT 1
    ) r ON true
    WHERE f.bundle_id = $1 ORDER BY f.path, f.id
"""
_OUTCOMES = {
    "accepted": Outcome.STAMPING,
    "sealing": Outcome.STAMPING,
    "released": Outcome.STAMPED,
    "refused": Outcome.REFUSED,
}


class BundleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle in one line."""

    id: UUID
    files: int
    stamped: int
    moving: int
    """Files that the workers have in hand."""
    started: bool
    created_at: datetime
    kept_until: datetime | None
    """When the first of its documents is deleted, unless it is started before."""


async def bundle(db: Database, bundle_id: UUID, *, customer_id: UUID) -> Bundle | None:
    """A customer's bundle with all its files; None when there is none of theirs (I16)."""
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT id, customer_id, door, created_at, started_at FROM stamping.bundle
               WHERE id = $1 AND customer_id = $2""",
            bundle_id,
            customer_id,
        )
        if row is None:
            return None
        files = await conn.fetch(_FILES, bundle_id)
    return Bundle(**dict(row), files=tuple(_file(found) for found in files))


async def bundles_of_customer(
    db: Database, customer_id: UUID, *, limit: int = 20, behind: UUID | None = None
) -> list[BundleSummary]:
    """A customer's bundles, the newest first, or those older than `behind`."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT b.id, b.created_at, b.started_at IS NOT NULL AS started, count(f.id) AS files,
                   count(j.id) FILTER (WHERE j.state = 'released') AS stamped,
                   count(j.id) FILTER (WHERE j.ended_at IS NULL) AS moving,
                   CASE WHEN b.started_at IS NULL THEN min(d.retained_until) END AS kept_until
               FROM (SELECT * FROM stamping.bundle WHERE customer_id = $1
                         AND ($3::uuid IS NULL OR (created_at, id) <
                             (SELECT l.created_at, l.id FROM stamping.bundle l
                              WHERE l.id = $3 AND l.customer_id = $1))
                     ORDER BY created_at DESC, id DESC LIMIT $2) b
               LEFT JOIN stamping.bundle_file f ON f.bundle_id = b.id
               LEFT JOIN stamping.document d ON d.id = f.document_id
               LEFT JOIN stamping.job j ON j.document_id = f.document_id AND j.state <> 'refused'
               GROUP BY b.id, b.created_at, b.started_at ORDER BY b.created_at DESC, b.id DESC""",
            customer_id,
            limit,
            behind,
        )
    return [BundleSummary(**dict(row)) for row in rows]


def _file(row: Row) -> BundleFile:
    outcome = _outcome(row)
    return BundleFile(
        id=row["id"],
        path=row["path"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        outcome=outcome,
        document_id=row["document_id"],
        kept_until=row["kept_until"],
        pages=row["pages"],
        profile=None if row["profile"] is None else Profile(row["profile"]),
        notices=tuple(row["notices"] or ()),
        code=row["refusal_code"] or row["job_refusal_code"] or row["trouble_code"],
        facts=row["refusal_facts"],
        serial=row["serial"] if outcome in (Outcome.STAMPING, Outcome.STAMPED) else None,
        stamped_sha256=row["stamped_sha256"],
        stamped_bytes=row["stamped_bytes"],
        earlier_sha256=tuple(row["earlier_sha256"]),
    )


def _outcome(row: Row) -> Outcome:
    if row["refusal_code"] is not None:
        return Outcome.UNFIT
    if row["state"] is not None:
        return _OUTCOMES[row["state"]]
    if row["document_id"] is None or row["input_deleted_at"] is not None:
        return Outcome.EXPIRED
    return Outcome.READY
