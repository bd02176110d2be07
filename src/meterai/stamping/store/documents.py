"""Statements on uploaded documents: stored, placed, rewritten, given an owner, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from meterai.kit.database import Connection, Row
from meterai.stamping.model import Fitness, OutputVerdict
from meterai.stamping.placement import Placement
from meterai.stamping.retention import RETENTION_DAYS
from meterai.stamping.store.forgetting import KEPT

STORED_BYTES = "(input_bytes + coalesce(other_bytes, 0) + coalesce(upload_bytes, 0))"
"""SQL: the bytes that are stored for a document."""


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.document`."""

    id: UUID
    organisation_id: UUID
    customer_id: UUID | None
    name: str
    kind: str | None
    input_object: str
    input_bytes: int
    profile: str
    inspection: Any
    placements: Any
    output: Any
    output_bytes_max: int | None
    pdf_version_min: str | None
    created_at: datetime
    retained_until: datetime
    network: bytes | None = None
    """Keyed hash of the sender's address. None: the sender has proved a contact."""
    normalised: bool = False
    other_object: str | None = None
    """The normalised file for the other choice, whether others will sign. None: both have the same."""
    other_bytes: int | None = None
    upload_object: str | None = None
    """The upload, where a person must compare pages. None: it is not kept."""
    upload_bytes: int | None = None
    differences: Any = ()
    photos: Any = ()
    """What was chosen for each photo of which the document was made; the photos are in `upload_object`."""

    @property
    def objects(self) -> list[str]:
        """Keys of all objects that the row refers to, in the order in which they are locked."""
        return sorted({key for key in (self.input_object, self.other_object, self.upload_object) if key})


class NewSheets(msgspec.Struct, frozen=True, kw_only=True):
    """What another PDF of the photos, and another album, change in a row of `stamping.document`."""

    input_object: str
    input_bytes: int
    inspection: Any
    placements: Any
    output: Any
    upload_object: str
    """The album."""
    upload_bytes: int
    differences: Any
    photos: Any

    @property
    def objects(self) -> list[str]:
        """Keys of both objects, in the order in which they are locked."""
        return sorted({self.input_object, self.upload_object})


class TurnedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The keys and sizes of a document's files with a turned page."""

    input_object: str
    input_bytes: int
    other_object: str | None
    other_bytes: int | None
    rewritten_from: str | None


async def insert_document(connection: Connection, document: NewDocument) -> None:
    """Inserts a document that was inspected, under the locks of its objects (see `lock_object`).

    It is a single statement, and so needs no transaction around it.
    """
    fields = msgspec.structs.asdict(document)
    columns = ", ".join(fields)
    values = ", ".join(f"${n}" for n in range(1, len(fields) + 1))
    await connection.execute(
        f"""WITH {_locked(len(fields) + 1)}
            INSERT INTO stamping.document ({columns}) SELECT {values} FROM locked""",  # noqa: S608 (our fields)
        *fields.values(),
        document.objects,
    )


def _locked(parameter: int) -> str:
    """SQL of a part `locked`, which locks the objects whose keys this parameter lists, in their order."""
    return f"""locked AS MATERIALIZED (
                SELECT count(pg_advisory_xact_lock_shared(hashtextextended(key, 4)))
                FROM unnest(${parameter}::text[]) AS key
            )"""  # noqa: S608 (a number)


async def set_placements(
    connection: Connection, document_id: UUID, placements: Sequence[Placement], output: Any, *, profile: str
) -> bool:
    """Moves the stamps of a document, and puts the file for this profile in its place.

    Returns False if its stamping has begun or there is no such document.
    """
    status = await connection.execute(
        f"""UPDATE stamping.document d SET placements = $2, output = $3, profile = $4, {swapped("$4")}
           WHERE id = $1 AND NOT EXISTS
               (SELECT 1 FROM stamping.job j WHERE j.document_id = d.id AND j.state <> 'refused')""",  # noqa: S608
        document_id,
        placements,
        output,
        profile,
    )
    return status == "UPDATE 1"


def swapped(profile: str) -> str:
    """SQL that exchanges the two normalised files of a document `d` whose profile becomes another one."""
    pairs = {"input_object": "other_object", "input_bytes": "other_bytes"}
    changes = f"d.other_object IS NOT NULL AND d.profile <> {profile}"
    return ", ".join(
        f"{one} = CASE WHEN {changes} THEN d.{other} ELSE d.{one} END"
        for one, other in [*pairs.items(), *((other, one) for one, other in pairs.items())]
    )


async def set_compared(
    connection: Connection, document_id: UUID, now: datetime, *, upload: str | None
) -> None:
    """Notes when a person confirmed the pages that look different. The first time counts.

    `upload`: the object that the person saw them beside, where it may change.
    """
    await connection.execute(
        """UPDATE stamping.document SET compared_at = $2
           WHERE id = $1 AND compared_at IS NULL AND ($3::text IS NULL OR upload_object = $3)""",
        document_id,
        now,
        upload,
    )


async def set_rewritten(
    tx: Connection, document_id: UUID, *, was: str, key: str, size: int, inspection: Any, output: Any
) -> bool:
    """Replaces the bytes named `was` by rewritten ones, for either profile.

    Returns False when the document changed meanwhile.
    """
    status = await tx.execute(
        """UPDATE stamping.document d SET input_object = $3, input_bytes = $4, inspection = $5, output = $6,
               rewritten_from = coalesce(rewritten_from, $2), normalised = true,
               other_object = NULL, other_bytes = NULL
           WHERE id = $1 AND input_object = $2 AND NOT EXISTS
               (SELECT 1 FROM stamping.job j WHERE j.document_id = d.id AND j.state <> 'refused')""",
        document_id,
        was,
        key,
        size,
        inspection,
        output,
    )
    return status == "UPDATE 1"


async def set_turned(
    tx: Connection,
    document_id: UUID,
    turned: TurnedFiles,
    *,
    was: str,
    inspection: Any,
    placements: Any,
    output: Any,
) -> bool:
    """Replaces the bytes named `was`, and those that are kept beside them, by files with a turned page.

    Returns False when the document changed meanwhile.
    """
    status = await tx.execute(
        """UPDATE stamping.document d SET input_object = $3, input_bytes = $4, other_object = $5,
               other_bytes = $6, rewritten_from = $7, inspection = $8, placements = $9, output = $10
           WHERE id = $1 AND input_object = $2 AND NOT EXISTS
               (SELECT 1 FROM stamping.job j WHERE j.document_id = d.id AND j.state <> 'refused')""",
        document_id,
        was,
        turned.input_object,
        turned.input_bytes,
        turned.other_object,
        turned.other_bytes,
        turned.rewritten_from,
        inspection,
        placements,
        output,
    )
    return status == "UPDATE 1"


async def set_sheets(
    connection: Connection, document_id: UUID, sheets: NewSheets, *, was: str, album: str
) -> bool:
    """Replaces the PDF made of photos, and the photos, by other ones, under the locks of their objects.

    Returns False if a person has confirmed the PDF, or if it is no longer `was`, or its photos `album`.
    """
    fields = msgspec.structs.asdict(sheets)
    changes = ", ".join(f"{column} = ${n}" for n, column in enumerate(fields, 5))
    status = await connection.execute(
        f"""WITH {_locked(4)}
            UPDATE stamping.document SET {changes}
            FROM locked WHERE id = $1 AND compared_at IS NULL AND input_object = $2 AND upload_object = $3
                AND photos <> '[]'""",  # noqa: S608 (our fields)
        document_id,
        was,
        album,
        sheets.objects,
        *fields.values(),
    )
    return status == "UPDATE 1"


async def adopt_documents(
    connection: Connection, ids: Sequence[UUID], customer_id: UUID
) -> dict[UUID, Fitness]:
    """Gives documents to a customer, except those that were to be stamped for another customer.

    Returns those that are the customer's now, and whether each can be paid.
    """
    rows = await connection.fetch(
        """UPDATE stamping.document d SET customer_id = $2, network = NULL,
               retained_until = greatest(retained_until, created_at + make_interval(days => $3))
           WHERE id = ANY ($1) AND (customer_id IS NULL OR customer_id = $2 OR NOT EXISTS
               (SELECT 1 FROM stamping.job j WHERE j.document_id = d.id))
           RETURNING id, output, placements, compared_at IS NOT NULL OR differences = '[]' AS compared""",
        list(ids),
        customer_id,
        RETENTION_DAYS,
    )
    return {row["id"]: fitness_of(row) for row in rows}


def fitness_of(row: Row) -> Fitness:
    """Whether a document can be paid. The row has `output`, `placements` and `compared`."""
    placements = msgspec.convert(row["placements"], list[Placement])
    is_within = msgspec.convert(row["output"], OutputVerdict).ok
    return Fitness(
        payable=row["compared"] and is_within and all(place.is_settled for place in placements),
        covering=tuple(place for place in placements if place.covers),
    )


async def adopt_ownerless(tx: Connection, customers: Mapping[UUID, UUID]) -> None:
    """Gives documents to these customers, except those that have an owner."""
    await tx.execute(
        """UPDATE stamping.document d SET customer_id = o.customer_id, network = NULL,
               retained_until = greatest(retained_until, created_at + make_interval(days => $3))
           FROM unnest($1::uuid[], $2::uuid[]) AS o (id, customer_id)
           WHERE d.id = o.id AND d.customer_id IS NULL""",
        list(customers),
        list(customers.values()),
        RETENTION_DAYS,
    )


async def documents_to_stamp(tx: Connection, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Reads what stamping must know of documents."""
    rows = await tx.fetch(
        """SELECT id, organisation_id, customer_id, input_object, input_bytes, normalised, profile,
               placements, jsonb_array_length(inspection -> 'pages') AS pages
           FROM stamping.document WHERE id = ANY ($1)""",
        list(ids),
    )
    return {row["id"]: row for row in rows}


async def lock_object(tx: Connection, key: str, *, exclusive: bool) -> None:
    """Locks an object, so that the answer to "is it referred to?" stays true until the transaction ends.

    Uploads of the same file share one object. Code that refers to an object takes the lock shared and stores
    the bytes afterwards. Code that deletes it takes the lock exclusively, looks for references, and then
    deletes.
    """
    name = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    await tx.execute(f"SELECT {name}(hashtextextended($1, 4))", key)


async def is_referred_to(tx: Connection, key: str) -> bool:
    """Whether a document or release still needs the object."""
    found = await tx.fetchval(
        f"""SELECT (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document WHERE input_object = $1)
               OR (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document WHERE rewritten_from = $1)
               OR (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document WHERE other_object = $1)
               OR (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document WHERE upload_object = $1)
               OR EXISTS (SELECT FROM stamping.release r WHERE r.sha256 = $1 AND {KEPT})""",  # noqa: S608
        key,
    )
    return bool(found)


_AWAITED = """(EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id AND j.ended_at IS NULL)
        OR EXISTS (SELECT FROM stamping.taken_serial w JOIN stamping.serial s ON s.serial = w.serial
            WHERE w.document_id = d.id AND s.state = 'unstamped'))"""
"""SQL: the document `d` is being stamped, or a serial number that was taken for it waits, however long."""


async def due_documents(connection: Connection, now: datetime, *, limit: int) -> list[UUID]:
    """Lists documents whose retention is over and that nothing waits for, the oldest first."""
    ids: list[UUID] = await connection.fetchval(
        f"""SELECT ARRAY(SELECT d.id FROM stamping.document d
               WHERE d.retained_until <= $1 AND d.input_deleted_at IS NULL AND NOT {_AWAITED}
               ORDER BY d.retained_until LIMIT $2)""",  # noqa: S608 (our own words)
        now,
        limit,
    )
    return ids


async def size_of_documents(connection: Connection, ids: Sequence[UUID]) -> tuple[int, datetime | None]:
    """The bytes of these uploads together, and when the oldest came."""
    row = await connection.fetchrow(
        f"""SELECT coalesce(sum({STORED_BYTES}), 0)::bigint AS bytes, min(created_at) AS oldest
           FROM stamping.document WHERE id = ANY ($1)""",  # noqa: S608 (our own words)
        list(ids),
    )
    assert row is not None
    return row["bytes"], row["oldest"]


async def keep_documents(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Prolongs the retention of uploads."""
    await connection.execute(
        "UPDATE stamping.document SET retained_until = $2 WHERE id = ANY ($1)", list(ids), until
    )


async def end_retention(tx: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Ends the retention of uploads now. The next clean-up deletes those that were never to be stamped."""
    await tx.execute(
        """UPDATE stamping.document d SET retained_until = $2 WHERE id = ANY ($1) AND retained_until > $2
               AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)""",
        list(ids),
        now,
    )


async def expire_document(tx: Connection, document_id: UUID, now: datetime) -> list[str]:
    """Expires an upload. A document without a job is deleted; a document whose job has ended loses its input.

    Returns the objects that it referred to; none when something waits for it, or another process locked it.
    """
    row = await tx.fetchrow(
        f"""
        WITH due AS (
            SELECT d.id, EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id) AS has_jobs
            FROM stamping.document d
            WHERE d.id = $2 AND CASE WHEN d.input_deleted_at IS NULL THEN d.retained_until <= $1 END
                AND NOT {_AWAITED}
            FOR UPDATE OF d SKIP LOCKED
        ), gone AS (
            DELETE FROM stamping.document WHERE id IN (SELECT id FROM due WHERE NOT has_jobs)
            RETURNING input_object, rewritten_from, other_object, upload_object
        ), emptied AS (
            UPDATE stamping.document SET input_deleted_at = $1 WHERE id IN (SELECT id FROM due WHERE has_jobs)
            RETURNING input_object, rewritten_from, other_object, upload_object
        )
        SELECT * FROM gone UNION ALL SELECT * FROM emptied
        """,  # noqa: S608 (our own words)
        now,
        document_id,
    )
    return sorted({key for key in row if key}) if row else []
