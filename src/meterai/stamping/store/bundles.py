"""Statements on bundles and their files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from meterai.kit.database import Connection, Row
from meterai.stamping.placement import Placement
from meterai.stamping.store.documents import swapped


class NewBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.bundle`."""

    id: UUID
    organisation_id: UUID
    customer_id: UUID
    door: str
    created_at: datetime


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.bundle_file`: accepted as a document, or refused."""

    id: UUID
    bundle_id: UUID
    path: str
    sha256: str
    bytes: int
    document_id: UUID | None
    refusal_code: str | None
    refusal_facts: Mapping[str, Any]


async def insert_bundle(tx: Connection, bundle: NewBundle) -> None:
    """Inserts a bundle unless it exists."""
    await tx.execute(
        """INSERT INTO stamping.bundle (id, organisation_id, customer_id, door, created_at)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING""",
        bundle.id,
        bundle.organisation_id,
        bundle.customer_id,
        bundle.door,
        bundle.created_at,
    )


async def lock_bundle(tx: Connection, bundle_id: UUID, customer_id: UUID) -> Row | None:
    """Locks a customer's bundle until the transaction ends.

    Returns None if the customer has no such bundle.
    """
    return await tx.fetchrow(
        "SELECT id, door, started_at FROM stamping.bundle WHERE id = $1 AND customer_id = $2 FOR UPDATE",
        bundle_id,
        customer_id,
    )


async def known_file(tx: Connection, file_id: UUID) -> Row | None:
    """Returns a file that was added before."""
    return await tx.fetchrow(
        "SELECT id, document_id, refusal_code, refusal_facts FROM stamping.bundle_file WHERE id = $1", file_id
    )


async def count_others(tx: Connection, bundle_id: UUID, file_id: UUID) -> tuple[int, int]:
    """Counts the files of a bundle apart from this one, and the bytes of those that are kept."""
    row = await tx.fetchrow(
        """SELECT count(*) AS files, coalesce(sum(bytes) FILTER (WHERE document_id IS NOT NULL), 0)::bigint
               AS bytes FROM stamping.bundle_file WHERE bundle_id = $1 AND id <> $2""",
        bundle_id,
        file_id,
    )
    assert row is not None
    return row["files"], row["bytes"]


async def put_file(tx: Connection, file: NewFile) -> bool:
    """Adds a file. A file whose document is gone gets the new one; any other existing file stays as it is.

    Returns whether the file now has this document.
    """
    status = await tx.execute(
        """INSERT INTO stamping.bundle_file AS known
               (id, bundle_id, path, sha256, bytes, document_id, refusal_code, refusal_facts)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (id) DO UPDATE SET document_id = $6, refusal_code = $7, refusal_facts = $8
           WHERE known.document_id IS NULL""",
        file.id,
        file.bundle_id,
        file.path,
        file.sha256,
        file.bytes,
        file.document_id,
        file.refusal_code,
        file.refusal_facts,
    )
    return status == "INSERT 0 1"


async def lock_documents(tx: Connection, bundle_id: UUID, file_id: UUID | None = None) -> None:
    """Locks the documents of a bundle, or of one file, before its files: the same order as in a clean-up."""
    await tx.execute(
        """SELECT FROM stamping.document WHERE id IN (
               SELECT document_id FROM stamping.bundle_file
               WHERE bundle_id = $1 AND ($2::uuid IS NULL OR id = $2))
           ORDER BY id FOR NO KEY UPDATE""",
        bundle_id,
        file_id,
    )


async def delete_file(tx: Connection, bundle_id: UUID, file_id: UUID) -> list[UUID]:
    """Deletes a file unless it was given to stamping. Returns its document."""
    rows = await tx.fetch(
        """DELETE FROM stamping.bundle_file f WHERE bundle_id = $1 AND id = $2 AND NOT EXISTS
               (SELECT FROM stamping.job j WHERE j.document_id = f.document_id) RETURNING document_id""",
        bundle_id,
        file_id,
    )
    return [row["document_id"] for row in rows if row["document_id"]]


async def ready_files(
    tx: Connection, bundle_id: UUID, *, without: str, only: Collection[UUID] | None, limit: int
) -> list[Row]:
    """Lists the documents that can be stamped now, because no job has them, sorted by path.

    `without`: leaves out files with this notice; empty: none.
    """
    return await tx.fetch(
        """SELECT f.id, d.id AS document_id, d.inspection, d.placements,
               f.proposed IS NOT NULL AS by_hand, f.looked
           FROM stamping.bundle_file f JOIN stamping.document d ON d.id = f.document_id
           WHERE f.bundle_id = $1 AND CASE WHEN d.input_deleted_at IS NULL THEN true END
               AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
               AND ($3::uuid[] IS NULL OR f.id = ANY ($3)) AND NOT d.inspection -> 'notices' ? $4
           ORDER BY f.path, f.id LIMIT $2""",
        bundle_id,
        limit,
        None if only is None else list(only),
        without,
    )


async def set_places(tx: Connection, places: Sequence[tuple[UUID, Placement]], *, profile: str) -> None:
    """Writes one stamp's place on each of these documents, and the profile where the file leaves a choice."""
    await tx.execute(
        f"""UPDATE stamping.document d SET placements = jsonb_build_array(new.placement),
               profile = CASE d.profile WHEN 'signed' THEN d.profile ELSE $3 END, {swapped("$3")}
           FROM unnest($1::uuid[], $2::jsonb[]) AS new(id, placement)
           WHERE d.id = new.id""",  # noqa: S608 (our own words)
        [id for id, _ in places],
        [placement for _, placement in places],
        profile,
    )


async def file_to_place(tx: Connection, bundle_id: UUID, file_id: UUID) -> Row | None:
    """Returns the document of a file whose stamp can still be moved, and its places; None for any other."""
    return await tx.fetchrow(
        """SELECT d.id AS document_id, d.inspection, d.placements, d.output, d.profile
           FROM stamping.bundle_file f JOIN stamping.document d ON d.id = f.document_id
           WHERE f.bundle_id = $1 AND f.id = $2 AND d.input_deleted_at IS NULL
               AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)""",
        bundle_id,
        file_id,
    )


async def keep_proposal(tx: Connection, file_id: UUID, proposed: Any) -> None:
    """Notes that a person chose the place of a file's stamp, and what was proposed. The first time counts."""
    await tx.execute(
        "UPDATE stamping.bundle_file SET proposed = coalesce(proposed, $2) WHERE id = $1", file_id, proposed
    )


async def note_look(connection: Connection, file_id: UUID, seen: Placement) -> None:
    """Notes what lies under the place that a rule gives the stamp of a file."""
    await connection.execute("UPDATE stamping.bundle_file SET looked = $2 WHERE id = $1", file_id, seen)


async def set_started(tx: Connection, bundle_id: UUID, now: datetime) -> None:
    """Notes when the first documents of the bundle were given to stamping."""
    await tx.execute(
        "UPDATE stamping.bundle SET started_at = $2 WHERE id = $1 AND started_at IS NULL", bundle_id, now
    )


async def delete_bundle(tx: Connection, bundle_id: UUID) -> list[UUID]:
    """Deletes a bundle without any stamped file. Returns its documents."""
    rows = await tx.fetch(
        """WITH gone AS (DELETE FROM stamping.bundle WHERE id = $1 AND started_at IS NULL RETURNING id)
           SELECT f.document_id FROM stamping.bundle_file f JOIN gone ON gone.id = f.bundle_id
           WHERE f.document_id IS NOT NULL""",
        bundle_id,
    )
    return [row["document_id"] for row in rows]


async def count_stale(connection: Connection, now: datetime, before: datetime) -> tuple[int, datetime | None]:
    """How many bundles `delete_stale` would delete, and when the oldest was opened."""
    row = await connection.fetchrow(
        """SELECT count(*) AS bundles, min(created_at) AS oldest
           FROM stamping.bundle b WHERE started_at IS NULL AND created_at < $1 AND NOT EXISTS
               (SELECT FROM stamping.bundle_file f JOIN stamping.document d ON d.id = f.document_id
                WHERE f.bundle_id = b.id AND d.retained_until > $2)""",
        before,
        now,
    )
    assert row is not None
    return row["bundles"], row["oldest"]


async def delete_stale(tx: Connection, now: datetime, before: datetime, *, limit: int) -> int:
    """Deletes bundles older than that moment without any stamped file or kept document."""
    status = await tx.execute(
        """DELETE FROM stamping.bundle WHERE id IN (
               SELECT id FROM stamping.bundle b WHERE started_at IS NULL AND created_at < $1 AND NOT EXISTS
                   (SELECT FROM stamping.bundle_file f JOIN stamping.document d ON d.id = f.document_id
                    WHERE f.bundle_id = b.id AND d.retained_until > $3)
               ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)""",
        before,
        limit,
        now,
    )
    return int(status.rpartition(" ")[2])
