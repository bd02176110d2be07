"""Statements on bundles and their files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from meterai.kit.database import Connection, Row
from meterai.stamping.bundles.model import EndedBundle, Rule
from meterai.stamping.placement import Placement
from meterai.stamping.store.documents import swapped


class NewBundle(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.bundle`."""

    id: UUID
    organisation_id: UUID
    customer_id: UUID
    door: str
    rule: Rule | None
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
        """INSERT INTO stamping.bundle (id, organisation_id, customer_id, door, rule, created_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING""",
        bundle.id,
        bundle.organisation_id,
        bundle.customer_id,
        bundle.door,
        bundle.rule,
        bundle.created_at,
    )


async def lock_bundle(tx: Connection, bundle_id: UUID, customer_id: UUID) -> Row | None:
    """Locks a customer's bundle until the transaction ends.

    Returns None if the customer has no such bundle.
    """
    return await tx.fetchrow(
        """SELECT id, organisation_id, customer_id, door, rule, started_at, cancelled_at, files, bytes
           FROM stamping.bundle WHERE id = $1 AND customer_id = $2 FOR UPDATE""",
        bundle_id,
        customer_id,
    )


async def known_file(tx: Connection, bundle_id: UUID, file_id: UUID) -> Row | None:
    """Returns a file that was named or added before."""
    return await tx.fetchrow(
        """SELECT id, path, sha256, bytes, document_id, refusal_code, refusal_facts, has_come
           FROM stamping.bundle_file WHERE bundle_id = $1 AND id = $2""",
        bundle_id,
        file_id,
    )


async def put_file(tx: Connection, file: NewFile) -> bool:
    """Adds a file. A file whose document is gone gets the new one; any other existing file stays as it is.

    Returns whether the file now has this document.
    """
    row = await tx.fetchrow(
        """INSERT INTO stamping.bundle_file AS known
               (id, bundle_id, path, sha256, bytes, document_id, refusal_code, refusal_facts)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (id) DO UPDATE SET document_id = $6, refusal_code = $7, refusal_facts = $8,
               has_come = true
           WHERE known.document_id IS NULL
           RETURNING xmax = 0 AS is_new""",
        file.id,
        file.bundle_id,
        file.path,
        file.sha256,
        file.bytes,
        file.document_id,
        file.refusal_code,
        file.refusal_facts,
    )
    if row is not None and row["is_new"]:
        await _count(tx, file.bundle_id, 1, file.bytes if file.document_id else 0)
    return row is not None


async def name_files(tx: Connection, bundle_id: UUID, files: Sequence[tuple[UUID, str, str, int]]) -> int:
    """Names files whose content is still to come: id, path, SHA-256, bytes. Returns how many are new."""
    rows = await tx.fetch(
        """INSERT INTO stamping.bundle_file (id, bundle_id, path, sha256, bytes, has_come)
           SELECT f.id, $1, f.path, f.sha256, f.bytes, false
           FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[]) AS f(id, path, sha256, bytes)
           ON CONFLICT (id) DO NOTHING RETURNING bytes""",
        bundle_id,
        *([file[column] for file in files] for column in range(4)),
    )
    await _count(tx, bundle_id, len(rows), sum(row["bytes"] for row in rows))
    return len(rows)


async def _count(tx: Connection, bundle_id: UUID, files: int, size: int) -> None:
    await tx.execute(
        "UPDATE stamping.bundle SET files = files + $2, bytes = bytes + $3 WHERE id = $1",
        bundle_id,
        files,
        size,
    )


async def pieces_of(connection: Connection, file_id: UUID) -> list[bytes]:
    """Returns what came of a file before its upload broke off, in order."""
    rows = await connection.fetch(
        "SELECT content FROM stamping.upload_piece WHERE file_id = $1 ORDER BY begins", file_id
    )
    return [row["content"] for row in rows]


async def received_of(connection: Connection, file_id: UUID) -> int:
    """How many bytes of a file have come before its upload broke off."""
    found: int = await connection.fetchval(
        "SELECT coalesce(sum(length(content)), 0)::bigint FROM stamping.upload_piece WHERE file_id = $1",
        file_id,
    )
    return found


async def put_piece(tx: Connection, file_id: UUID, begins: int, content: bytes, now: datetime) -> None:
    """Keeps a piece of a file. The caller has locked its bundle."""
    await tx.execute(
        "INSERT INTO stamping.upload_piece VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        file_id,
        begins,
        content,
        now,
    )


async def delete_pieces(connection: Connection, file_id: UUID) -> None:
    """Deletes what was kept of a file."""
    await connection.execute("DELETE FROM stamping.upload_piece WHERE file_id = $1", file_id)


async def delete_old_pieces(connection: Connection, before: datetime) -> None:
    """Deletes pieces of uploads that were never finished."""
    await connection.execute("DELETE FROM stamping.upload_piece WHERE created_at < $1", before)


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
    row = await tx.fetchrow(
        """DELETE FROM stamping.bundle_file f WHERE bundle_id = $1 AND id = $2 AND NOT waits AND NOT EXISTS
               (SELECT FROM stamping.job j WHERE j.document_id = f.document_id)
           RETURNING document_id, bytes""",
        bundle_id,
        file_id,
    )
    if row is None:
        return []
    await _count(tx, bundle_id, -1, -row["bytes"] if row["document_id"] else 0)
    return [row["document_id"]] if row["document_id"] else []


async def choose_files(
    tx: Connection, bundle_id: UUID, *, without: str, only: Collection[UUID] | None
) -> int:
    """Chooses the files that can be stamped and that no job has. Returns how many.

    `without`: leaves out files with this notice; empty: none.
    """
    status = await tx.execute(
        """UPDATE stamping.bundle_file f SET waits = true FROM stamping.document d
           WHERE d.id = f.document_id AND f.bundle_id = $1 AND NOT f.waits
               AND CASE WHEN d.input_deleted_at IS NULL THEN true END
               AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
               AND ($2::uuid[] IS NULL OR f.id = ANY ($2)) AND NOT d.inspection -> 'notices' ? $3""",
        bundle_id,
        None if only is None else list(only),
        without,
    )
    return int(status.rpartition(" ")[2])


async def waiting_files(tx: Connection, bundle_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """Lists chosen files that have no stamp yet, by path, those behind the file `after`."""
    return await tx.fetch(
        """SELECT f.id, d.id AS document_id, d.inspection, d.placements,
               f.proposed IS NOT NULL AS by_hand, f.looked
           FROM stamping.bundle_file f LEFT JOIN stamping.document d
               ON d.id = f.document_id AND CASE WHEN d.input_deleted_at IS NULL THEN true END
           WHERE f.bundle_id = $1 AND f.waits AND ($3::uuid IS NULL OR (f.path, f.id) >
               (SELECT l.path, l.id FROM stamping.bundle_file l WHERE l.id = $3))
           ORDER BY f.path, f.id LIMIT $2""",
        bundle_id,
        limit,
        after,
    )


async def end_wait(tx: Connection, file_ids: Collection[UUID]) -> None:
    """Notes that files no longer wait for a stamp: it is reserved, or there is nothing to stamp."""
    await tx.execute("UPDATE stamping.bundle_file SET waits = false WHERE id = ANY ($1)", list(file_ids))


async def end_all_waits(tx: Connection, bundle_id: UUID) -> int:
    """Ends the wait of all files of a bundle. Returns how many waited."""
    status = await tx.execute(
        "UPDATE stamping.bundle_file SET waits = false WHERE bundle_id = $1 AND waits", bundle_id
    )
    return int(status.rpartition(" ")[2])


async def count_waiting(tx: Connection, customer_id: UUID) -> int:
    """Counts the files that wait for a stamp, in all bundles of a customer."""
    found: int = await tx.fetchval(
        """SELECT count(*) FROM stamping.bundle b
           JOIN stamping.bundle_file f ON f.bundle_id = b.id AND f.waits
           WHERE b.customer_id = $1 AND b.next_part_at IS NOT NULL""",
        customer_id,
    )
    return found


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
           WHERE f.bundle_id = $1 AND f.id = $2 AND NOT f.waits AND d.input_deleted_at IS NULL
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


async def set_started(tx: Connection, bundle_id: UUID, rule: Rule, now: datetime) -> None:
    """Notes the rule, and when the first documents of the bundle were given to stamping. A part is due."""
    await tx.execute(
        """UPDATE stamping.bundle SET started_at = coalesce(started_at, $3), rule = $2, next_part_at = $3,
               ended_at = NULL
           WHERE id = $1""",
        bundle_id,
        rule,
        now,
    )


async def set_next_part(
    tx: Connection, bundle_id: UUID, at: datetime | None, *, halt_code: str | None = None
) -> None:
    """Notes when to look for the next part, and what is in its way. `at`: None when nothing waits."""
    await tx.execute(
        "UPDATE stamping.bundle SET next_part_at = $2, halt_code = $3 WHERE id = $1", bundle_id, at, halt_code
    )


async def due_bundles(connection: Connection, now: datetime, *, limit: int) -> list[Row]:
    """Lists bundles whose next part may be due, those first that wait longest."""
    return await connection.fetch(
        """SELECT id, customer_id, organisation_id FROM stamping.bundle WHERE next_part_at <= $1
           ORDER BY next_part_at LIMIT $2""",
        now,
        limit,
    )


async def lock_due(tx: Connection, bundle_id: UUID, now: datetime) -> Row | None:
    """Locks a bundle whose next part may be due. None: another worker has it, or it is no longer due."""
    return await tx.fetchrow(
        """SELECT id, customer_id, halt_code FROM stamping.bundle
           WHERE id = $1 AND next_part_at <= $2 FOR UPDATE SKIP LOCKED""",
        bundle_id,
        now,
    )


async def count_at_work(tx: Connection, bundle_id: UUID, *, limit: int) -> int:
    """Counts the files of a bundle whose stamp is reserved and not made yet, up to `limit`."""
    found: int = await tx.fetchval(
        """SELECT count(*) FROM (
               SELECT FROM stamping.job j JOIN stamping.bundle_file f ON f.document_id = j.document_id
               WHERE j.next_attempt_at IS NOT NULL AND f.bundle_id = $1 LIMIT $2) AS found""",
        bundle_id,
        limit,
    )
    return found


async def set_cancelled(tx: Connection, bundle_id: UUID, now: datetime) -> None:
    """Notes that a bundle was cancelled: nothing more of it is given to stamping."""
    await tx.execute(
        """UPDATE stamping.bundle SET cancelled_at = $2, next_part_at = NULL, halt_code = NULL
           WHERE id = $1 AND cancelled_at IS NULL""",
        bundle_id,
        now,
    )


async def end_done(tx: Connection, now: datetime, *, limit: int) -> list[EndedBundle]:
    """Notes the end of bundles of which nothing waits and no stamp is being made. Returns them."""
    rows = await tx.fetch(
        """UPDATE stamping.bundle SET ended_at = $1 WHERE id IN (
               SELECT id FROM stamping.bundle b
               WHERE ended_at IS NULL AND next_part_at IS NULL
                   AND (started_at IS NOT NULL OR cancelled_at IS NOT NULL) AND NOT EXISTS (
                       SELECT FROM stamping.job j JOIN stamping.bundle_file f ON f.document_id = j.document_id
                       WHERE j.next_attempt_at IS NOT NULL AND f.bundle_id = b.id)
               ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
           RETURNING id, organisation_id, cancelled_at IS NOT NULL AS is_cancelled""",
        now,
        limit,
    )
    return [EndedBundle(**dict(row)) for row in rows]


async def unused_documents(tx: Connection, bundle_id: UUID) -> list[UUID]:
    """Lists the documents of a bundle that were not given to stamping."""
    rows = await tx.fetch(
        """SELECT document_id FROM stamping.bundle_file f
           WHERE bundle_id = $1 AND document_id IS NOT NULL AND NOT EXISTS
               (SELECT FROM stamping.job j WHERE j.document_id = f.document_id)""",
        bundle_id,
    )
    return [row["document_id"] for row in rows]


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
