"""Read-only queries about documents, jobs and released files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, Database, Row
from meterai.kit.files.object_store import ObjectMissing, ObjectStore, key_of
from meterai.kit.recent_cache import RecentCache
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import Inspection, RenderedPage, RenderRequest
from meterai.stamping import page_images
from meterai.stamping.model import Fitness, Job, JobState, OutputVerdict, Release
from meterai.stamping.photos import Photo
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PAGE_IMAGE_WIDTH_PX, OutputLimits, PageDifference
from meterai.stamping.retention import RETENTION_DAYS
from meterai.stamping.store import bundles, documents, unproven
from meterai.stamping.store.forgetting import KEPT

log = structlog.get_logger(__name__)

_RENDER = "meterai.pdf.rendering:render_page"
_AT_HAND_SECONDS = 600.0
"""Browsers keep the image equally long."""
_names = RecentCache[UUID, str]()
"""Names of documents in memory. A name never changes."""

_JOB = """
    SELECT j.id, j.document_id, j.reference_id, j.state, j.refusal_code, j.trouble_code, j.attempts,
        j.next_attempt_at, j.created_at, j.ended_at, j.request_digest, j.idempotency_key,
        ARRAY(SELECT s.serial FROM stamping.serial s WHERE s.job_id = j.id ORDER BY s.ordinal) AS serials
    FROM stamping.job j
"""


class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a page about a document."""

    document_id: UUID
    customer_id: UUID | None
    name: str
    kind: str | None
    input_object: str
    """Key of the bytes to be stamped. Changes when the document is rewritten."""
    bytes: int
    profile: Profile
    inspection: Inspection
    placements: tuple[Placement, ...]
    output: OutputVerdict
    limits: OutputLimits | None
    """Limits of the event's agency for the stamped file."""
    rewritten_from: str | None
    """Key of the file before it was rewritten with consent."""
    created_at: datetime
    retained_until: datetime
    job: Job | None
    """The newest job."""
    releases: tuple[Release, ...]
    """One release per stamp, all bound to the same bytes."""
    other_object: str | None = None
    """Key of the bytes for the other choice, whether others will sign; None if both have the same."""
    upload_object: str | None = None
    """Key of the upload, to be shown beside the pages in `differences`."""
    differences: tuple[PageDifference, ...] = ()
    """Pages whose fields or comments look different since they are part of the page."""
    compared: bool = True
    """Whether a person confirmed them. True if there are none."""
    photos: tuple[Photo, ...] = ()
    """What was chosen for each photo, if the document was made of photos. Its upload has them as pages."""


async def jobs_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, tuple[bytes, Job]]:
    """Finds jobs by idempotency key. Returns them with the digest of the request that made them."""
    rows = await conn.fetch(_JOB + "WHERE j.idempotency_key = ANY ($1)", list(keys))
    return {row["idempotency_key"]: (row["request_digest"], _job(row)) for row in rows}


async def job(db: Database, job_id: UUID) -> Job | None:
    """Returns a job by its id."""
    async with db.connection() as conn:
        return await job_in(conn, job_id)


async def job_in(conn: Connection, job_id: UUID) -> Job | None:
    """Returns a job by its id, as a transaction sees it."""
    row = await conn.fetchrow(_JOB + "WHERE j.id = $1", job_id)
    return _job(row) if row else None


class EndedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was released or refused."""

    id: UUID
    organisation_id: UUID
    document_id: UUID
    refusal_code: str | None
    """Why it was refused; None: it was released."""
    ended_at: datetime


async def ended_single_jobs(db: Database, ids: Collection[UUID]) -> list[EndedJob]:
    """Lists which of these jobs have ended, without those whose document came in a bundle."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT id, organisation_id, document_id, refusal_code, ended_at FROM stamping.job j
               WHERE id = ANY ($1) AND ended_at IS NOT NULL AND NOT EXISTS (
                   SELECT FROM stamping.bundle_file f WHERE f.document_id = j.document_id)""",
            list(ids),
        )
    return [EndedJob(**dict(row)) for row in rows]


async def job_by_key(db: Database, key: str) -> Job | None:
    """Returns the job that a request with this idempotency key made."""
    async with db.connection() as conn:
        found = await jobs_by_key(conn, [key])
    return found[key][1] if key in found else None


async def ended_jobs(db: Database, ids: Collection[UUID]) -> list[UUID]:
    """Lists which of these jobs are released or refused."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            "SELECT id FROM stamping.job WHERE id = ANY ($1) AND ended_at IS NOT NULL", list(ids)
        )
    return [row["id"] for row in rows]


async def lot_of_job(db: Database, job_id: UUID) -> UUID | None:
    """Returns the quota lot that pays for a job; None for an unknown job."""
    async with db.connection() as conn:
        lot: UUID | None = await conn.fetchval(
            "SELECT lot_account_id FROM stamping.job WHERE id = $1", job_id
        )
    return lot


async def job_of_document(db: Database, document_id: UUID) -> Job | None:
    """Returns the newest job of a document."""
    async with db.connection() as conn:
        jobs = await _jobs_of_documents(conn, [document_id])
    return jobs.get(document_id)


async def document_page(
    db: Database, document_id: UUID, *, customer_id: UUID | None = None
) -> DocumentPage | None:
    """Returns a document with its job and releases. With `customer_id`: only if it is theirs (I16)."""
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.*, EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id) AS has_job
               FROM stamping.document d WHERE d.id = $1""",
            document_id,
        )
        if row is None or (customer_id is not None and row["customer_id"] != customer_id):
            return None
        return (await _pages(conn, [row]))[0] if row["has_job"] else _page(row, None, [])


async def due_unproven(db: Database, now: datetime, *, limit: int) -> list[UUID]:
    """Lists uploads of people without a proven contact whose time is over, the oldest first."""
    async with db.connection() as conn:
        return await unproven.due(conn, now, limit=limit)


async def due_uploads(db: Database, now: datetime, *, limit: int) -> list[UUID]:
    """Lists all uploads whose retention is over and that are not being stamped, the oldest first."""
    async with db.connection() as conn:
        return await documents.due_documents(conn, now, limit=limit)


async def size_of_uploads(db: Database, ids: Collection[UUID]) -> tuple[int, datetime | None]:
    """The bytes of these uploads together, and when the oldest came."""
    async with db.connection() as conn:
        return await documents.size_of_documents(conn, list(ids))


async def stale_bundles(db: Database, now: datetime) -> tuple[int, datetime | None]:
    """How many bundles were never started and are old, and when the oldest was opened."""
    async with db.connection() as conn:
        return await bundles.count_stale(conn, now, now - timedelta(days=RETENTION_DAYS))


async def kept_until(db: Database, ids: Collection[UUID]) -> datetime | None:
    """Until when the last of these uploads is kept; None when there is none any more."""
    async with db.connection() as conn:
        until: datetime | None = await conn.fetchval(
            "SELECT max(retained_until) FROM stamping.document WHERE id = ANY ($1)", list(ids)
        )
    return until


async def unproven_bytes(conn: Connection) -> int:
    """Counts the bytes of the uploads of people without a proven contact."""
    return await unproven.total_bytes(conn)


async def documents_of_customer(
    db: Database, customer_id: UUID, *, now: datetime, limit: int = 100, behind: UUID | None = None
) -> list[DocumentPage]:
    """Lists a customer's documents, the newest first. With `behind`: those older than it.

    Leaves out documents of bundles (see `bundles.queries`), and unstamped ones whose retention is over.
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


async def fitness_for_customer(
    db: Database, ids: Sequence[UUID], customer_id: UUID | None
) -> dict[UUID, Fitness]:
    """Whether documents can be paid, of those that belong to the customer; None: of all of them."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT id, output, placements, compared_at IS NOT NULL OR differences = '[]' AS compared
               FROM stamping.document
               WHERE id = ANY ($1) AND ($2::uuid IS NULL OR customer_id = $2)""",
            list(ids),
            customer_id,
        )
    return {row["id"]: documents.fitness_of(row) for row in rows}


class DocumentLabel(msgspec.Struct, frozen=True, kw_only=True):
    """What an order's page shows of a document."""

    name: str
    serials: tuple[SerialNumber, ...]
    """Serial numbers of the released stamps, in the order of their places."""
    bytes: int
    """The size of the stamped file; 0 before there is one."""


async def document_labels(db: Database, ids: Sequence[UUID]) -> dict[UUID, DocumentLabel]:
    """Returns file names and released serials, for the owner's pages."""
    if not ids:
        return {}
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT d.id, d.name, ARRAY(
                   SELECT s.serial FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
                   WHERE j.document_id = d.id AND j.state = 'released' ORDER BY s.ordinal) AS serials,
                   (SELECT r.bytes FROM stamping.release r WHERE r.document_id = d.id
                    ORDER BY r.version DESC LIMIT 1) AS bytes
               FROM stamping.document d WHERE d.id = ANY ($1)""",
            list(ids),
        )
    return {
        row["id"]: DocumentLabel(
            name=row["name"], serials=tuple(row["serials"]), bytes=int(row["bytes"] or 0)
        )
        for row in rows
    }


async def document_names(db: Database, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Returns the file names, for the owner's pages. A deleted document may be missing."""
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
    """Keeps a name in memory, so that it need not be read again."""
    _names.keep(document_id, name)


def image_at_hand(key: str, page: int, width: int) -> bytes | None:
    """Returns a page image of the object `key` if this process drew it recently.

    For people who were given its address. Nothing is checked, so for some minutes it repeats what was true
    when the address was given.
    """
    return page_images.find(key, page, width, younger_than_s=_AT_HAND_SECONDS)


async def document_image(
    db: Database,
    jail: JailPool,
    objects: ObjectStore,
    document_id: UUID,
    page: int,
    width: int,
    *,
    uploaded: bool = False,
) -> bytes:
    """Returns a page as a JPEG, `width` pixels wide: of the stamped file once there is one.

    `uploaded`: as it was uploaded, if the upload is kept for a comparison.

    Raises: Refusal NOT_FOUND `document.unknown`, `pdf.no_such_page`; GONE `document.input_deleted`;
    UNAVAILABLE `object.missing`, `object.damaged`; BUSY `jail.busy`.
    """
    if not 1 <= page <= DEFAULT_LIMITS.pages_max:
        raise Refusal(Kind.NOT_FOUND, "pdf.no_such_page", page=page)
    key = await shown_object(db, document_id, uploaded=uploaded)
    known = page_images.find(key, page, width)
    if known is not None:
        return known
    data = await read_checked(objects, key)
    request = RenderRequest(data=data, page=page, width_px=width)
    rendered = await jail.run(_RENDER, request, RenderedPage, owner=str(document_id))
    if width <= PAGE_IMAGE_WIDTH_PX:  # a large one is looked at once, and the browser has it
        page_images.keep(key, page, width, rendered.jpeg)
    return rendered.jpeg


async def shown_object(db: Database, document_id: UUID, *, uploaded: bool = False) -> str:
    """The key of the bytes that pictures of a document show: the stamped file once there is one.

    Raises: Refusal NOT_FOUND `document.unknown`; GONE `document.input_deleted`, `document.forgotten`.
    """
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.input_object, d.input_deleted_at, d.upload_object, d.forgotten_at,
                   (SELECT r.sha256 FROM stamping.release r WHERE r.document_id = d.id
                    ORDER BY r.version DESC LIMIT 1) AS released
               FROM stamping.document d WHERE d.id = $1""",
            document_id,
        )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    if row["forgotten_at"] is not None:
        raise Refusal(Kind.GONE, "document.forgotten")
    if row["released"] is None and row["input_deleted_at"] is not None:
        raise Refusal(Kind.GONE, "document.input_deleted")
    if uploaded:
        return str(row["upload_object"] or row["input_object"])
    return str(row["released"] or row["input_object"])


class ReleasedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A stamped file. `name`: that of the upload."""

    name: str
    data: bytes


async def released_file(db: Database, objects: ObjectStore, document_id: UUID) -> ReleasedFile:
    """Returns the stamped file of a document after comparing it with its release (I9).

    Raises: Refusal NOT_FOUND `document.not_released`; GONE `document.forgotten`; UNAVAILABLE `object.damaged`
    or `object.missing`.
    """
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT d.name, r.sha256, d.forgotten_at
               FROM stamping.document d JOIN stamping.release r ON r.document_id = d.id
               WHERE d.id = $1 ORDER BY r.version DESC LIMIT 1""",
            document_id,
        )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "document.not_released")
    if row["forgotten_at"] is not None:
        raise Refusal(Kind.GONE, "document.forgotten")
    return ReleasedFile(name=row["name"], data=await read_checked(objects, row["sha256"]))


class ReleasedName(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stamped file is, and its name for a download."""

    path: str
    stamped_sha256: str
    serial: str


async def released_files(db: Database, ids: Sequence[UUID]) -> list[ReleasedName]:
    """Lists the stamped files of documents, in the order of `ids`. Leaves out those that have none."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT DISTINCT ON (d.id) d.id, d.name, r.sha256, r.serial
               FROM stamping.document d JOIN stamping.release r ON r.document_id = d.id
               WHERE d.id = ANY ($1) AND d.forgotten_at IS NULL ORDER BY d.id, r.version DESC""",
            list(ids),
        )
    found = {
        row["id"]: ReleasedName(
            path=f"bermeterai-{row['name']}", stamped_sha256=row["sha256"], serial=row["serial"]
        )
        for row in rows
    }
    return [found[id] for id in ids if id in found]


async def read_checked(objects: ObjectStore, key: str) -> bytes:
    """Reads an object and checks that its bytes have the digest that names them.

    Flipped bits are never served.

    Raises: Refusal UNAVAILABLE `object.missing` or `object.damaged`.
    """
    try:
        data: bytes | None = await objects.get(key)
    except ObjectMissing:
        data = None
    return checked(data, key)


def checked(data: bytes | None, key: str) -> bytes:
    """Returns the store's answer for `key` if its digest is right.

    Raises: Refusal UNAVAILABLE `object.missing` or `object.damaged`.
    """
    if data is None:
        log.error("object.missing", key=key)
        raise Refusal(Kind.UNAVAILABLE, "object.missing")
    if key_of(data) != key:
        log.error("object.damaged", key=key)
        raise Refusal(Kind.UNAVAILABLE, "object.damaged")
    return data


def same(data: bytes | None, key: str, stored: bytes) -> bytes:
    """Returns the store's answer for `key` if it equals, byte for byte, what was just stored.

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
        other_object=row["other_object"],
        upload_object=row["upload_object"],
        differences=tuple(msgspec.convert(row["differences"], list[PageDifference])),
        compared=row["compared_at"] is not None or not row["differences"],
        photos=tuple(msgspec.convert(row["photos"], list[Photo])),
    )


def limits_of(row: Row) -> OutputLimits | None:
    """Returns the limits that a document was accepted with."""
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
    """Counts accepted jobs that are not finished."""
    return int(await conn.fetchval("SELECT count(*) FROM stamping.job WHERE next_attempt_at IS NOT NULL"))


async def count_time_stamps_owed(conn: Connection) -> int:
    """Counts released stamps whose time stamp is still to be added."""
    return int(await conn.fetchval("SELECT count(*) FROM stamping.time_stamp_owed WHERE paid_at IS NULL"))


async def documents_without_file(conn: Connection) -> list[UUID]:
    """Lists documents whose stamping waits only because their file is missing from the store."""
    rows = await conn.fetch(
        """SELECT document_id FROM stamping.job
           WHERE next_attempt_at IS NOT NULL AND trouble_code IN ('object.missing', 'object.damaged')"""
    )
    return [row["document_id"] for row in rows]


async def oldest_held_up(conn: Connection, *, but_for: Sequence[UUID]) -> datetime | None:
    """When the oldest job whose last attempt failed was accepted; None if there is none.

    Jobs of the documents `but_for` are left out.
    """
    accepted_at: datetime | None = await conn.fetchval(
        """SELECT min(created_at) FROM stamping.job
           WHERE next_attempt_at IS NOT NULL AND trouble_code IS NOT NULL
               AND document_id <> ALL ($1::uuid[])""",
        list(but_for),
    )
    return accepted_at


async def objects_under_way(conn: Connection) -> list[str]:
    """Lists the objects that unfinished jobs still need: inputs and prepared revisions."""
    rows = await conn.fetch(
        """SELECT d.input_object AS key FROM stamping.job j JOIN stamping.document d ON d.id = j.document_id
           WHERE j.next_attempt_at IS NOT NULL
           UNION
           SELECT i.prepared_object FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
           JOIN stamping.intent i ON i.serial = s.serial WHERE j.next_attempt_at IS NOT NULL"""
    )
    return [row["key"] for row in rows]


async def not_referred_to(conn: Connection, keys: Sequence[str]) -> list[str]:
    """Returns those objects that no document, release or unfinished job needs."""
    rows = await conn.fetch(
        f"""SELECT key FROM unnest($1::text[]) AS key
           WHERE NOT EXISTS (SELECT FROM stamping.release r WHERE r.sha256 = key AND {KEPT})
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE input_object = key) IS NOT TRUE
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE rewritten_from = key) IS NOT TRUE
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE other_object = key) IS NOT TRUE
             AND (SELECT bool_or(input_deleted_at IS NULL) FROM stamping.document
                  WHERE upload_object = key) IS NOT TRUE
             AND key NOT IN (SELECT i.prepared_object FROM stamping.job j
                             JOIN stamping.serial s ON s.job_id = j.id
                             JOIN stamping.intent i ON i.serial = s.serial
                             WHERE j.next_attempt_at IS NOT NULL)""",  # noqa: S608 (our own words)
        list(keys),
    )
    return [row["key"] for row in rows]


async def released_objects(conn: Connection, part: int) -> set[str]:
    """Lists the keys of the released files in one of the store's 256 parts.

    Leaves out files that another installation keeps, and those of forgotten documents.
    """
    first = f"{part:02x}"
    rows = await conn.fetch(
        f"""SELECT DISTINCT sha256 FROM stamping.release r
            WHERE NOT imported AND sha256 BETWEEN $1 AND $2 AND {KEPT}""",  # noqa: S608 (our own words)
        first,
        f"{first}g",  # greater than every hex digest that begins like this
    )
    return {row["sha256"] for row in rows}


async def some_released_objects(db: Database, most: int) -> list[str]:
    """Returns the keys of some of our released files, in no particular order."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"SELECT sha256 FROM stamping.release r WHERE NOT imported AND {KEPT} LIMIT $1",  # noqa: S608
            most,
        )
    return [row["sha256"] for row in rows]


async def serials_under_way(db: Database) -> list[str]:
    """Lists the serial numbers of unfinished jobs. None of them is released."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT s.serial FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
               WHERE j.next_attempt_at IS NOT NULL ORDER BY s.serial"""
        )
    return [row["serial"] for row in rows]
