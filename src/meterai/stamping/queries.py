"""Read-only answers about documents, jobs and released files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, Database, Row
from meterai.kit.files.object_store import ObjectMissing, ObjectStore
from meterai.kit.recent_cache import RecentCache
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, RenderedPage, RenderRequest
from meterai.stamping import page_images
from meterai.stamping.model import Job, JobState, OutputVerdict, Release
from meterai.stamping.placement import Placement
from meterai.stamping.requests import OutputLimits

log = structlog.get_logger(__name__)

_RENDER = "meterai.pdf.rendering:render_page"
_AT_HAND_SECONDS = 600.0
"""As long as browsers keep the image too."""
_names = RecentCache[UUID, str]()
"""What documents are called: a name never changes."""

_JOB = """
    SELECT j.id, j.document_id, j.reference_id, j.state, j.refusal_code, j.trouble_code, j.attempts,
        j.next_attempt_at, j.created_at, j.ended_at, j.request_digest, j.idempotency_key,
        ARRAY(SELECT s.serial FROM stamping.serial s WHERE s.job_id = j.id ORDER BY s.ordinal) AS serials
    FROM stamping.job j
"""


class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a page about a document shows."""

    document_id: UUID
    customer_id: UUID | None
    name: str
    kind: str | None
    input_object: str
    """Names the bytes to be stamped: changes when the document is rewritten."""
    bytes: int
    profile: Profile
    inspection: Inspection
    placements: tuple[Placement, ...]
    output: OutputVerdict
    limits: OutputLimits | None
    """What the event's agency accepts."""
    rewritten_from: str | None
    """The upload, when it was rewritten with consent."""
    created_at: datetime
    retained_until: datetime
    job: Job | None
    """The newest one."""
    releases: tuple[Release, ...]
    """One per stamp, all bound to the same bytes."""


async def jobs_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, tuple[bytes, Job]]:
    """Jobs by idempotency key, with the digest of the request that made them."""
    rows = await conn.fetch(_JOB + "WHERE j.idempotency_key = ANY ($1)", list(keys))
    return {row["idempotency_key"]: (row["request_digest"], _job(row)) for row in rows}


async def job(db: Database, job_id: UUID) -> Job | None:
    """A job by its id."""
    async with db.connection() as conn:
        row = await conn.fetchrow(_JOB + "WHERE j.id = $1", job_id)
    return _job(row) if row else None


async def lot_of_job(db: Database, job_id: UUID) -> UUID | None:
    """The quota lot from which a job is paid; None for an unknown job."""
    async with db.connection() as conn:
        lot: UUID | None = await conn.fetchval(
            "SELECT lot_account_id FROM stamping.job WHERE id = $1", job_id
        )
    return lot


async def job_of_document(db: Database, document_id: UUID) -> Job | None:
    """The newest job of a document."""
    async with db.connection() as conn:
        jobs = await _jobs_of_documents(conn, [document_id])
    return jobs.get(document_id)


async def document_page(
    db: Database, document_id: UUID, *, customer_id: UUID | None = None
) -> DocumentPage | None:
    """A document with its job and what was released; with `customer_id` only if it is theirs (I16)."""
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.*, EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id) AS has_job
               FROM stamping.document d WHERE d.id = $1""",
            document_id,
        )
        if row is None or (customer_id is not None and row["customer_id"] != customer_id):
            return None
        return (await _pages(conn, [row]))[0] if row["has_job"] else _page(row, None, [])


async def documents_of_customer(
    db: Database, customer_id: UUID, *, now: datetime, limit: int = 100, behind: UUID | None = None
) -> list[DocumentPage]:
    """A customer's documents, the newest first, or those older than `behind`.

    Without those of bundles (see `bundle_queries`), and without unstamped ones whose retention is over.
    """
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT * FROM stamping.document d WHERE customer_id = $1
                   AND NOT EXISTS (SELECT FROM stamping.bundle_file f WHERE f.document_id = d.id)
                   AND (retained_until > $3
                       OR EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id))
                   AND ($4::uuid IS NULL OR (created_at, id) <
                       (SELECT b.created_at, b.id FROM stamping.document b
                        WHERE b.id = $4 AND b.customer_id = $1))
               ORDER BY created_at DESC, id DESC LIMIT $2""",
            customer_id,
            limit,
            now,
            behind,
        )
        return await _pages(conn, rows)


async def outputs_of_customer(
    db: Database, ids: Sequence[UUID], customer_id: UUID | None
) -> dict[UUID, OutputVerdict]:
    """What the agency will say of those of these documents that are the customer's; None: of all of them."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT id, output FROM stamping.document
               WHERE id = ANY ($1) AND ($2::uuid IS NULL OR customer_id = $2)""",
            list(ids),
            customer_id,
        )
    return {row["id"]: msgspec.convert(row["output"], OutputVerdict) for row in rows}


class DocumentLabel(msgspec.Struct, frozen=True, kw_only=True):
    """What an order's page says of a document."""

    name: str
    serials: tuple[SerialNumber, ...]
    """Of the stamps that were released, in the order of their places."""


async def document_labels(db: Database, ids: Sequence[UUID]) -> dict[UUID, DocumentLabel]:
    """The files' names and released serials, for their owner's pages."""
    if not ids:
        return {}
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT d.id, d.name, ARRAY(
                   SELECT s.serial FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
                   WHERE j.document_id = d.id AND j.state = 'released' ORDER BY s.ordinal) AS serials
               FROM stamping.document d WHERE d.id = ANY ($1)""",
            list(ids),
        )
    return {row["id"]: DocumentLabel(name=row["name"], serials=tuple(row["serials"])) for row in rows}


async def document_names(db: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The files' names, for their owner's pages; of documents that are gone none, or the one they had."""
    known = {id: _names[id] for id in ids if id in _names}
    missing = [id for id in ids if id not in known]
    if missing:
        async with db.connection() as conn:
            rows = await conn.fetch("SELECT id, name FROM stamping.document WHERE id = ANY ($1)", missing)
        for row in rows:
            known[row["id"]] = row["name"]
            remember_name(row["id"], row["name"])
    return known


def remember_name(document_id: UUID, name: str) -> None:
    """Spares the look-up of a name that was given or found a moment ago."""
    _names.keep(document_id, name)


def image_at_hand(key: str, page: int, width: int) -> bytes | None:
    """A page of the object `key`, if it was drawn here a moment ago: for those who were shown its address.

    Nothing is looked up, so this says for some minutes what was true when the address was given out.
    """
    return page_images.find(key, page, width, younger_than_s=_AT_HAND_SECONDS)


async def document_image(
    db: Database, jail: JailPool, objects: ObjectStore, document_id: UUID, page: int, width: int
) -> bytes:
    """A page of the document as a JPEG, `width` pixels wide; of the stamped file once there is one.

    Raises: Refusal NOT_FOUND `document.unknown`, `pdf.no_such_page`; GONE `document.input_deleted`;
    UNAVAILABLE `object.missing`, `object.damaged`; BUSY `jail.busy`.
    """
    if not 1 <= page <= DEFAULT_LIMITS.pages_max:
        raise Refusal(Kind.NOT_FOUND, "pdf.no_such_page", page=page)
    key = await _shown_object(db, document_id)
    known = page_images.find(key, page, width)
    if known is not None:
        return known
    data = await read_checked(objects, key)
    request = RenderRequest(data=data, page=page, width_px=width)
    rendered = await jail.run(_RENDER, request, RenderedPage)
    page_images.keep(key, page, width, rendered.jpeg)
    return rendered.jpeg


async def _shown_object(db: Database, document_id: UUID) -> str:
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.input_object, d.input_deleted_at,
                   (SELECT r.sha256 FROM stamping.release r WHERE r.document_id = d.id
                    ORDER BY r.version DESC LIMIT 1) AS released
               FROM stamping.document d WHERE d.id = $1""",
            document_id,
        )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    if row["released"] is None and row["input_deleted_at"] is not None:
        raise Refusal(Kind.GONE, "document.input_deleted")
    return str(row["released"] or row["input_object"])


class ReleasedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A stamped file. `name`: the upload's."""

    name: str
    data: bytes


async def released_file(db: Database, objects: ObjectStore, document_id: UUID) -> ReleasedFile:
    """The stamped file of a document, compared with what was released (I9).

    Raises: Refusal NOT_FOUND `document.not_released`; UNAVAILABLE `object.damaged` or `object.missing`.
    """
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.name, r.sha256
               FROM stamping.document d JOIN stamping.release r ON r.document_id = d.id
               WHERE d.id = $1 ORDER BY r.version DESC LIMIT 1""",
            document_id,
        )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "document.not_released")
    return ReleasedFile(name=row["name"], data=await read_checked(objects, row["sha256"]))


async def read_checked(objects: ObjectStore, key: str) -> bytes:
    """An object whose bytes still have the digest that names them: a flipped bit is never served.

    Raises: Refusal UNAVAILABLE `object.missing` or `object.damaged`.
    """
    try:
        data: bytes | None = await objects.get(key)
    except ObjectMissing:
        data = None
    return checked(data, key)


def checked(data: bytes | None, key: str) -> bytes:
    """What a store gave for `key`, if it is that.

    Raises: Refusal UNAVAILABLE `object.missing` or `object.damaged`.
    """
    if data is None:
        log.error("object.missing", key=key)
        raise Refusal(Kind.UNAVAILABLE, "object.missing")
    if hashlib.sha256(data).hexdigest() != key:
        log.error("object.damaged", key=key)
        raise Refusal(Kind.UNAVAILABLE, "object.damaged")
    return data


def same(data: bytes | None, key: str, stored: bytes) -> bytes:
    """What a store gave for `key`, if it is what was stored a moment ago, byte for byte.

    Raises: Refusal UNAVAILABLE `object.missing` or `object.damaged`.
    """
    return stored if data == stored else checked(data, key)


async def _pages(conn: Connection, rows: Sequence[Row]) -> list[DocumentPage]:
    ids = [row["id"] for row in rows]
    jobs = await _jobs_of_documents(conn, ids)
    ended = [id for id, job in jobs.items() if job.state is JobState.RELEASED]
    releases = await _releases(conn, ended) if ended else []
    return [
        _page(row, jobs.get(row["id"]), [found for found in releases if found["document_id"] == row["id"]])
        for row in rows
    ]


async def _releases(conn: Connection, document_ids: Sequence[UUID]) -> list[Row]:
    return await conn.fetch(
        """SELECT DISTINCT ON (serial) document_id, serial, version, sha256, bytes, pages, released_at, key_id
           FROM stamping.release WHERE document_id = ANY ($1) ORDER BY serial, version DESC""",
        document_ids,
    )


async def _jobs_of_documents(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Job]:
    rows = await conn.fetch(_JOB + "WHERE j.document_id = ANY ($1) ORDER BY j.created_at, j.id", list(ids))
    return {row["document_id"]: _job(row) for row in rows}


def _page(row: Row, job: Job | None, releases: Sequence[Row]) -> DocumentPage:
    return DocumentPage(
        document_id=row["id"],
        customer_id=row["customer_id"],
        name=row["name"],
        kind=row["kind"],
        input_object=row["input_object"],
        bytes=row["input_bytes"],
        profile=Profile(row["profile"]),
        inspection=msgspec.convert(row["inspection"], Inspection),
        placements=tuple(msgspec.convert(row["placements"], list[Placement])),
        output=msgspec.convert(row["output"], OutputVerdict),
        limits=limits_of(row),
        rewritten_from=row["rewritten_from"],
        created_at=row["created_at"],
        retained_until=row["retained_until"],
        job=job,
        releases=tuple(_release(found) for found in releases),
    )


def limits_of(row: Row) -> OutputLimits | None:
    """The limits that a document was accepted with."""
    if row["output_bytes_max"] is None and row["pdf_version_min"] is None:
        return None
    return OutputLimits(bytes_max=row["output_bytes_max"], pdf_version_min=row["pdf_version_min"])


def _release(row: Row) -> Release:
    fields: dict[str, Any] = {name: row[name] for name in Release.__struct_fields__}
    return Release(**fields)


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        document_id=row["document_id"],
        reference_id=row["reference_id"],
        state=JobState(row["state"]),
        serials=tuple(row["serials"]),
        refusal_code=row["refusal_code"],
        trouble_code=row["trouble_code"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


async def count_waiting(conn: Connection) -> int:
    """Accepted jobs that are not finished."""
    return int(await conn.fetchval("SELECT count(*) FROM stamping.job WHERE next_attempt_at IS NOT NULL"))


async def count_time_stamps_owed(conn: Connection) -> int:
    """Released stamps whose time stamp is still to be added."""
    return int(await conn.fetchval("SELECT count(*) FROM stamping.time_stamp_owed WHERE paid_at IS NULL"))


async def documents_without_file(conn: Connection) -> list[UUID]:
    """Documents that wait to be stamped until somebody puts back a file that is gone: their trouble alone."""
    rows = await conn.fetch(
        """SELECT document_id FROM stamping.job
           WHERE next_attempt_at IS NOT NULL AND trouble_code IN ('object.missing', 'object.damaged')"""
    )
    return [row["document_id"] for row in rows]


async def oldest_held_up(conn: Connection, *, but_for: Sequence[UUID]) -> datetime | None:
    """Since when the oldest job is accepted whose last attempt did not finish, other than those of the
    documents `but_for`; None: there is none."""
    accepted_at: datetime | None = await conn.fetchval(
        """SELECT min(created_at) FROM stamping.job
           WHERE next_attempt_at IS NOT NULL AND trouble_code IS NOT NULL
               AND document_id <> ALL ($1::uuid[])""",
        list(but_for),
    )
    return accepted_at


async def objects_under_way(conn: Connection) -> list[str]:
    """What jobs that have not ended still need from the object store: inputs and prepared revisions."""
    rows = await conn.fetch(
        """SELECT d.input_object AS key FROM stamping.job j JOIN stamping.document d ON d.id = j.document_id
           WHERE j.next_attempt_at IS NOT NULL
           UNION
           SELECT i.prepared_object FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
           JOIN stamping.intent i ON i.serial = s.serial WHERE j.next_attempt_at IS NOT NULL"""
    )
    return [row["key"] for row in rows]


async def not_referred_to(conn: Connection, keys: Sequence[str]) -> list[str]:
    """Which of these objects no document, no release and no job that goes on needs."""
    rows = await conn.fetch(
        """SELECT key FROM unnest($1::text[]) AS key
           WHERE NOT EXISTS (SELECT FROM stamping.release WHERE sha256 = key)
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE input_object = key) IS NOT TRUE
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE rewritten_from = key) IS NOT TRUE
             AND key NOT IN (SELECT i.prepared_object FROM stamping.job j
                             JOIN stamping.serial s ON s.job_id = j.id
                             JOIN stamping.intent i ON i.serial = s.serial
                             WHERE j.next_attempt_at IS NOT NULL)""",
        list(keys),
    )
    return [row["key"] for row in rows]


async def released_objects(conn: Connection, part: int) -> set[str]:
    """The keys of the released files in one of the store's 256 parts, without those that another installation
    keeps."""
    first = f"{part:02x}"
    rows = await conn.fetch(
        "SELECT DISTINCT sha256 FROM stamping.release WHERE NOT imported AND sha256 BETWEEN $1 AND $2",
        first,
        f"{first}g",  # behind every hex digest that begins so
    )
    return {row["sha256"] for row in rows}


async def some_released_objects(db: Database, most: int) -> list[str]:
    """The keys of a few released files of ours, whichever."""
    async with db.connection() as connection:
        rows = await connection.fetch("SELECT sha256 FROM stamping.release WHERE NOT imported LIMIT $1", most)
    return [row["sha256"] for row in rows]


async def serials_under_way(db: Database) -> list[str]:
    """The serial numbers that jobs under way have, none of them released."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT s.serial FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
               WHERE j.next_attempt_at IS NOT NULL ORDER BY s.serial"""
        )
    return [row["serial"] for row in rows]
