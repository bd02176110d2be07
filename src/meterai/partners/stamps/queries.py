"""What is read about stamped documents of partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from meterai.kit.database import Database, Row
from meterai.partners.stamps.facts import DocumentType, IdentityType, LiableParty, StampFacts


class SerialBelow(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number of an organisation."""

    serial: str
    state: Literal["unstamped", "allocated", "sealed", "released", "used", "annulled"]
    organisation_id: UUID
    job_id: UUID | None
    """None: none puts it on a document. It waits, was used by hash, or was given back."""
    document_id: UUID | None
    """None: the document is not here."""
    sha256: str | None
    facts: StampFacts | None
    allocated_at: datetime
    """When it was taken, or allocated."""
    released_at: datetime | None
    """When its file was released, or its hash first signed."""


async def serial_below(db: Database, serial: str, *, seen_by: UUID) -> SerialBelow | None:
    """Returns a serial number of `seen_by` or of an organisation below it; None for any other (I16).

    The liable party stays with the organisation that stamped.
    """
    async with db.connection() as conn:
        row = await conn.fetchrow(_SERIAL, serial, seen_by)
    if row is None:
        return None
    facts = facts_of_row(row) if row["has_facts"] else None
    if facts is not None and row["organisation_id"] != seen_by:
        facts = msgspec.structs.replace(facts, liable=None)
    names = ("serial", "state", "organisation_id", "job_id", "document_id", "sha256", "allocated_at")
    return SerialBelow(**{name: row[name] for name in names}, released_at=row["released_at"], facts=facts)


_SERIAL = """
    WITH found AS (
        SELECT s.serial, s.state, s.allocated_at, s.released_at, j.id AS job_id,
            coalesce(j.document_id, t.document_id) AS document_id, p.id AS organisation_id
        FROM stamping.serial s LEFT JOIN stamping.job j ON j.id = s.job_id
        LEFT JOIN stamping.taken_serial t ON t.serial = s.serial
        JOIN partners.organisation p ON p.account_holder = coalesce(j.customer_id, (
            SELECT h.account_holder FROM partners.organisation h WHERE h.id = t.organisation_id))
        WHERE s.serial = $1
    ), facts AS (
        SELECT f.document_type, f.document_number, f.document_date, f.document_value, f.liable_identity_type,
            f.liable_identity, f.liable_name
        FROM found JOIN partners.stamp_facts f ON f.job_id = found.job_id
        UNION ALL
        SELECT f.document_type, f.document_number, f.document_date, f.document_value, f.liable_identity_type,
            f.liable_identity, f.liable_name
        FROM found JOIN partners.serial_facts f ON f.serial = found.serial AND found.job_id IS NULL
    ), up AS (
        WITH RECURSIVE above AS (
            SELECT p.id, p.parent_id FROM partners.organisation p JOIN found ON found.organisation_id = p.id
            UNION ALL SELECT p.id, p.parent_id
                FROM above JOIN partners.organisation p ON p.id = above.parent_id
        ) SELECT id FROM above
    ) SELECT found.*, (
            SELECT r.sha256 FROM stamping.release r WHERE r.serial = found.serial
            ORDER BY r.version DESC LIMIT 1
        ) AS sha256, EXISTS (SELECT FROM facts) AS has_facts, facts.*
    FROM found LEFT JOIN facts ON true
    WHERE $2 IN (SELECT id FROM up)
"""


async def facts_of_jobs(db: Database, job_ids: Sequence[UUID]) -> dict[UUID, StampFacts]:
    """Returns what is known of the documents of these jobs. The caller has checked whose jobs they are."""
    async with db.connection() as conn:
        rows = await conn.fetch("SELECT * FROM partners.stamp_facts WHERE job_id = ANY ($1)", list(job_ids))
    return {row["job_id"]: facts_of_row(row) for row in rows}


async def digests_of_uploads(db: Database, document_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Returns the SHA-256 (hex) of documents as they were uploaded, as far as it is known."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            "SELECT document_id, sha256 FROM partners.upload WHERE document_id = ANY ($1)", list(document_ids)
        )
    return {row["document_id"]: row["sha256"].hex() for row in rows}


async def documents_with_digest(db: Database, organisation_id: UUID, sha256: str) -> list[UUID]:
    """Lists the documents that an organisation uploaded as a file with this SHA-256, the newest first."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT document_id FROM partners.upload
               WHERE organisation_id = $1 AND sha256 = $2 ORDER BY document_id DESC LIMIT 200""",
            organisation_id,
            bytes.fromhex(sha256),
        )
    return [row["document_id"] for row in rows]


def facts_of_row(row: Row) -> StampFacts:
    """Makes the facts from the columns of a table that keeps them."""
    liable = None
    if row["liable_identity"] is not None:
        liable = LiableParty(
            identity_type=IdentityType(row["liable_identity_type"]),
            identity=row["liable_identity"],
            name=row["liable_name"],
        )
    kind = row["document_type"]
    return StampFacts(
        type=DocumentType(kind) if kind else None,
        number=row["document_number"],
        date=row["document_date"],
        value=row["document_value"],
        liable=liable,
    )
