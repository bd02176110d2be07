"""Read-only queries about bundles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Database, Row
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.model import (
    STAMPED_ALREADY,
    UNDER_WAY,
    Bundle,
    BundleCounts,
    BundleFile,
    BundleHead,
    Outcome,
)

_OUTCOME = f"""
    CASE WHEN f.refusal_code IS NOT NULL THEN '{Outcome.UNFIT}'
         WHEN j.state IN ('accepted', 'sealing') THEN '{Outcome.STAMPING}'
         WHEN j.state = 'released' THEN '{Outcome.STAMPED}'
         WHEN j.state = 'refused' THEN '{Outcome.REFUSED}'
         WHEN NOT f.has_come THEN '{Outcome.EXPECTED}'
         WHEN f.document_id IS NULL OR d.input_deleted_at IS NOT NULL THEN '{Outcome.EXPIRED}'
         WHEN f.waits THEN '{Outcome.WAITING}'
         ELSE '{Outcome.READY}' END
"""
_WITH_JOB = """
    stamping.bundle_file f
    LEFT JOIN stamping.document d ON d.id = f.document_id
    LEFT JOIN LATERAL (
        SELECT id, state, refusal_code, trouble_code FROM stamping.job
        WHERE document_id = f.document_id ORDER BY created_at DESC, id DESC LIMIT 1
    ) j ON true
"""
_FILES = f"""
    SELECT f.id, f.path, f.sha256, f.bytes, f.document_id, f.refusal_code, f.refusal_facts,
        {_OUTCOME} AS outcome,
        jsonb_array_length(d.inspection -> 'pages') AS pages, d.inspection -> 'notices' AS notices,
        d.profile, d.retained_until AS kept_until,
        j.refusal_code AS job_refusal_code, j.trouble_code, s.serial,
        r.sha256 AS stamped_sha256, r.bytes AS stamped_bytes,
        ARRAY(SELECT e.sha256 FROM stamping.release e
              WHERE e.serial = s.serial AND e.version < r.version ORDER BY e.version) AS earlier_sha256
    FROM {_WITH_JOB}
    LEFT JOIN stamping.serial s ON s.job_id = j.id AND s.ordinal = 1
    LEFT JOIN LATERAL (
        SELECT version, sha256, bytes FROM stamping.release
        WHERE serial = s.serial ORDER BY version DESC LIMIT 1
    ) r ON true
"""  # noqa: S608 - of the words above
_BEHIND = """
    f.bundle_id = $1 AND ($2::uuid IS NULL OR (f.path, f.id) >
        (SELECT l.path, l.id FROM stamping.bundle_file l WHERE l.bundle_id = $1 AND l.id = $2))
"""
_AFTER = f"{_FILES} WHERE {_BEHIND} ORDER BY f.path, f.id LIMIT $3"
_PATHS_AFTER = f"""
    SELECT f.path, f.id FROM stamping.bundle_file f WHERE {_BEHIND} ORDER BY f.path, f.id LIMIT $3
"""  # noqa: S608 - of the words above
_WALKED_AT_ONCE = 200
_PATHS_AT_ONCE = 2000
_GIVEN = ", ".join(f"'{outcome}'" for outcome in UNDER_WAY)
_TO_LOOK_AT_FIRST = f"{_OUTCOME} IN ({_GIVEN}), f.path, f.id"
_PART = f"""
    {_FILES} WHERE f.id = ANY (ARRAY(
        SELECT f.id FROM {_WITH_JOB} WHERE f.bundle_id = $1
        ORDER BY {_TO_LOOK_AT_FIRST} LIMIT $2 OFFSET $3
    )) ORDER BY {_TO_LOOK_AT_FIRST}
"""  # noqa: S608 - of the words above
_REFUSED = f"""
    {_FILES} WHERE f.bundle_id = $1
        AND {_OUTCOME} IN ('{Outcome.UNFIT}', '{Outcome.REFUSED}', '{Outcome.EXPIRED}')
    ORDER BY f.path, f.id LIMIT $2
"""
_COUNTS = f"""
    SELECT {_OUTCOME} AS outcome, count(*) AS files,
        count(*) FILTER (WHERE j.state IS NULL AND d.inspection -> 'notices' ? $2) AS stamped_before
    FROM {_WITH_JOB} WHERE f.bundle_id = $1 GROUP BY 1
"""  # noqa: S608 - of the words above


class BundleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line about a bundle."""

    id: UUID
    files: int
    stamped: int
    moving: int
    """Files that are with the workers."""
    started: bool
    created_at: datetime
    kept_until: datetime | None
    """When the first of its documents is deleted, unless stamping starts before."""


async def bundle(db: Database, bundle_id: UUID, *, customer_id: UUID) -> Bundle | None:
    """Returns a customer's bundle with all its files in memory; None when there is no such bundle (I16).

    Code that may meet a large bundle takes `walk_files`.
    """
    head = await bundle_head(db, bundle_id, customer_id=customer_id)
    if head is None:
        return None
    files = [file async for file in walk_files(db, bundle_id)]
    return Bundle(**msgspec.structs.asdict(head), files=tuple(files))


async def bundle_head(db: Database, bundle_id: UUID, *, customer_id: UUID) -> BundleHead | None:
    """Returns what is known of a customer's bundle; None when the customer has no such bundle (I16)."""
    async with db.connection() as conn:
        row = await conn.fetchrow(
            """SELECT id, customer_id, door, created_at, started_at, cancelled_at, halt_code, rule
               FROM stamping.bundle WHERE id = $1 AND customer_id = $2""",
            bundle_id,
            customer_id,
        )
    return None if row is None else msgspec.convert(dict(row), BundleHead)


async def has_bundle(db: Database, bundle_id: UUID, *, customer_id: UUID) -> bool:
    """Whether the customer has such a bundle (I16)."""
    return await bundle_head(db, bundle_id, customer_id=customer_id) is not None


async def bundle_counts(db: Database, bundle_id: UUID, *, customer_id: UUID) -> BundleCounts | None:
    """Returns the counts of a customer's bundle; None when the customer has no such bundle (I16)."""
    head = await bundle_head(db, bundle_id, customer_id=customer_id)
    if head is None:
        return None
    async with db.connection() as conn:
        counts = await conn.fetch(_COUNTS, bundle_id, STAMPED_ALREADY)
    files = {Outcome(found["outcome"]): found["files"] for found in counts}
    left_out = sum(found["stamped_before"] for found in counts if found["outcome"] == Outcome.READY)
    return BundleCounts(**msgspec.structs.asdict(head), files=files, left_out=left_out)


async def walk_files(
    db: Database, bundle_id: UUID, *, after: UUID | None = None, stamped: bool = False
) -> AsyncIterator[BundleFile]:
    """Yields the files of a bundle by path, those behind the file `after`. Few are in memory at a time.

    `stamped`: only stamped ones. The caller has checked that the bundle is the customer's.
    """
    while files := await files_after(db, bundle_id, after=after, limit=_WALKED_AT_ONCE):
        for file in files:
            if not stamped or file.outcome is Outcome.STAMPED:
                yield file
        after = files[-1].id


async def files_after(db: Database, bundle_id: UUID, *, after: UUID | None, limit: int) -> list[BundleFile]:
    """Returns up to `limit` files of a bundle by path, those behind the file `after`.

    The caller has checked that the bundle is the customer's.
    """
    async with db.connection() as conn:
        return [_file(row) for row in await conn.fetch(_AFTER, bundle_id, after, limit)]


async def paths_of(db: Database, bundle_id: UUID) -> AsyncIterator[str]:
    """Yields the paths of a bundle's files in order. The caller has checked that it is the customer's."""
    after = None
    while True:
        async with db.connection() as conn:
            rows = await conn.fetch(_PATHS_AFTER, bundle_id, after, _PATHS_AT_ONCE)
        for row in rows:
            yield row["path"]
        if len(rows) < _PATHS_AT_ONCE:
            return
        after = rows[-1]["id"]


async def find_file(db: Database, bundle_id: UUID, file_id: UUID) -> BundleFile | None:
    """Returns one file of a bundle. The caller has checked that the bundle is the customer's."""
    async with db.connection() as conn:
        row = await conn.fetchrow(f"{_FILES} WHERE f.bundle_id = $1 AND f.id = $2", bundle_id, file_id)
    return None if row is None else _file(row)


async def part_of_bundle(db: Database, bundle_id: UUID, *, limit: int, skip: int) -> list[BundleFile]:
    """Returns up to `limit` files of a started bundle after the first `skip`: unstamped ones first, then by
    path.

    The caller has checked that the bundle is the customer's.
    """
    async with db.connection() as conn:
        return [_file(row) for row in await conn.fetch(_PART, bundle_id, limit, skip)]


async def refused_part(db: Database, bundle_id: UUID, *, limit: int) -> list[BundleFile]:
    """Returns up to `limit` files of a bundle that can't be stamped, by path.

    The caller has checked that the bundle is the customer's.
    """
    async with db.connection() as conn:
        return [_file(row) for row in await conn.fetch(_REFUSED, bundle_id, limit)]


async def bundles_of_customer(
    db: Database, customer_id: UUID, *, limit: int = 20, behind: UUID | None = None
) -> list[BundleSummary]:
    """Lists a customer's bundles, the newest first. With `behind`: those older than it."""
    async with db.connection() as conn:
        rows = await conn.fetch(
            """SELECT b.id, b.created_at, b.started_at IS NOT NULL AS started, count(f.id) AS files,
                   count(j.id) FILTER (WHERE j.state = 'released') AS stamped,
                   count(f.id) FILTER (WHERE f.waits OR j.id IS NOT NULL AND j.ended_at IS NULL) AS moving,
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
    outcome = Outcome(row["outcome"])
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
        serial=row["serial"] if outcome in UNDER_WAY else None,
        stamped_sha256=row["stamped_sha256"],
        stamped_bytes=row["stamped_bytes"],
        earlier_sha256=tuple(row["earlier_sha256"]),
    )
