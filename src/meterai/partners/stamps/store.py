"""Every statement on the tables about what partners stamp."""

# ruff: noqa: S608 (our own words)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.store import partner_refusals

FACTS = (
    "organisation_id",
    "document_type",
    "document_number",
    "document_date",
    "document_value",
    "liable_identity_type",
    "liable_identity",
    "liable_name",
)


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
    await tx.execute(
        f"""INSERT INTO partners.stamp_facts (job_id, {", ".join(FACTS)})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        job_id,
        *values_of(organisation_id, facts),
    )


async def note_file_facts(
    tx: Connection, organisation_id: UUID, files: Sequence[tuple[UUID, StampFacts]]
) -> None:
    """Keeps what is known of files of a bundle. What is said later counts."""
    await tx.executemany(
        f"""INSERT INTO partners.file_facts (file_id, {", ".join(FACTS)})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (file_id) DO UPDATE
            SET {", ".join(f"{name} = excluded.{name}" for name in FACTS)}""",
        [(id, *values_of(organisation_id, facts)) for id, facts in files],
    )


async def files_without_facts(tx: Connection, bundle_id: UUID, *, limit: int) -> list[str]:
    """Lists paths of chosen files of a bundle of which nothing is known."""
    rows = await tx.fetch(
        """SELECT path FROM stamping.bundle_file f WHERE bundle_id = $1 AND waits
               AND NOT EXISTS (SELECT FROM partners.file_facts k WHERE k.file_id = f.id)
           ORDER BY path LIMIT $2""",
        bundle_id,
        limit,
    )
    return [row["path"] for row in rows]


async def move_facts(tx: Connection, jobs: Mapping[UUID, UUID]) -> None:
    """Makes what is known of files that of their jobs. `jobs`: the job of each file."""
    moved = ", ".join(f"f.{name}" for name in FACTS)
    await tx.execute(
        f"""WITH moved AS (
                DELETE FROM partners.file_facts f USING unnest($1::uuid[], $2::uuid[]) AS g(file_id, job_id)
                WHERE f.file_id = g.file_id RETURNING g.job_id, {moved}
            ) INSERT INTO partners.stamp_facts (job_id, {", ".join(FACTS)}) SELECT * FROM moved""",
        list(jobs.keys()),
        list(jobs.values()),
    )


def values_of(organisation_id: UUID, facts: StampFacts) -> tuple[object, ...]:
    """The values of the columns `FACTS`."""
    liable = facts.liable
    of_party = (liable.identity_type, liable.identity, liable.name) if liable else (None, None, None)
    return organisation_id, facts.type, facts.number, facts.date, facts.value, *of_party


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
