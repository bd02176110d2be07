"""What is read about stamped documents of partners."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from meterai.kit.database import Database, Row
from meterai.partners.stamps.facts import DocumentType, IdentityType, LiableParty, StampFacts


async def facts_of_jobs(db: Database, job_ids: Sequence[UUID]) -> dict[UUID, StampFacts]:
    """Returns what is known of the documents of these jobs. The caller has checked whose jobs they are."""
    async with db.connection() as conn:
        rows = await conn.fetch("SELECT * FROM partners.stamp_facts WHERE job_id = ANY ($1)", list(job_ids))
    return {row["job_id"]: _facts(row) for row in rows}


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


def _facts(row: Row) -> StampFacts:
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
