"""Every statement on the tables about what partners stamp."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.store import partner_refusals


async def count_stamps(
    tx: Connection, organisation_id: UUID, pieces: int, per_document: int, now: datetime
) -> bool:
    """Counts stamps against the agreement. Returns whether the facts of their documents are needed.

    Raises: Refusal CONFLICT `partner.not_active`, `partner.document_limit` with `maximum`;
    asyncpg.PostgresError PA011 with the limit of the day as detail.
    """
    statement = call("partners.count_stamps", 4)
    try:
        with partner_refusals():
            return bool(await tx.fetchval(statement, organisation_id, pieces, per_document, now))
    except asyncpg.PostgresError as error:
        if error.sqlstate == "PA010":
            maximum = int(error.detail or 0)
            raise Refusal(Kind.CONFLICT, "partner.document_limit", maximum=maximum) from error
        raise


async def note_facts(tx: Connection, organisation_id: UUID, job_id: UUID, facts: StampFacts) -> None:
    """Keeps what is known of the document that a job stamps."""
    liable = facts.liable
    await tx.execute(
        """INSERT INTO partners.stamp_facts (job_id, organisation_id, document_type, document_number,
               document_date, document_value, liable_identity_type, liable_identity, liable_name)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        job_id,
        organisation_id,
        facts.type,
        facts.number,
        facts.date,
        facts.value,
        liable and liable.identity_type,
        liable and liable.identity,
        liable and liable.name,
    )


async def note_upload(tx: Connection, organisation_id: UUID, document_id: UUID, sha256: str) -> None:
    """Keeps the digest of a file as it was uploaded: what is stored of it may differ."""
    await tx.execute(
        "INSERT INTO partners.upload (document_id, organisation_id, sha256) VALUES ($1, $2, $3)",
        document_id,
        organisation_id,
        bytes.fromhex(sha256),
    )


async def forget_liable_parties(tx: Connection, through_year: int) -> int:
    """Forgets who owed the duty for stamps up to the end of a year. Returns how many were forgotten."""
    forgotten: int = await tx.fetchval(call("partners.forget_liable_parties", 1), through_year)
    return forgotten
