"""Statements on jobs, serial numbers, intents and releases, and what the cycle reads after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, Row, call
from meterai.ledger import store as ledger
from meterai.pdf.profiles import Profile
from meterai.stamping.model import ClaimedJob, Intent, Release, Seal
from meterai.stamping.placement import Placement
from meterai.stamping.store.time_stamps import OwedTimeStamp


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.job`, accepted."""

    id: UUID
    organisation_id: UUID
    customer_id: UUID
    document_id: UUID
    idempotency_key: str
    request_digest: bytes
    lot_account_id: UUID
    reference_id: UUID
    input_digest: bytes
    next_attempt_at: datetime
    lease_holder: str | None
    created_at: datetime


class NewSerial(msgspec.Struct, frozen=True, kw_only=True):
    """A new row of `stamping.serial`, allocated."""

    serial: SerialNumber
    job_id: UUID
    ordinal: int
    placement: Placement


class Fence(msgspec.Struct, frozen=True):
    """The lease that a worker must still hold for its write to count."""

    job_id: UUID
    lease_token: int


_START = call("stamping.start_jobs", 14)
_ACCEPT = call("stamping.accept_jobs", 15)
_HELD = call("stamping.held_jobs", 2)
_STORE_INTENTS = call("stamping.store_intents", 10)
_RELEASE = call("stamping.release_jobs", 13, whole_row=True)


async def accept(
    connection: Connection,
    jobs: Sequence[NewJob],
    serials: Sequence[NewSerial],
    *,
    holder: str,
    until: datetime,
    asked_by: Sequence[int],
    now: datetime,
) -> bool:
    """Inserts jobs with their serial numbers, and holds a stamp for each, in one call, leased to `holder`.

    `asked_by`: outbox rows that are done afterwards.

    Returns False, and writes nothing, unless all jobs can be accepted. Reasons: a key or a document was used
    before; a lot is another customer's or holds too few stamps. The commit does not wait for the disk: see
    `stamping.accept_jobs`.
    """
    try:
        accepted = await connection.fetchval(
            _ACCEPT, *_columns(jobs), until, holder, *_serial_columns(serials), list(asked_by), now
        )
    except asyncpg.UniqueViolationError:
        return False
    except asyncpg.PostgresError as error:
        refused = ledger.refusal_of(error)
        if isinstance(refused, Refusal):
            return False
        raise
    return bool(accepted)


async def start(
    tx: Connection,
    jobs: Sequence[NewJob],
    serials: Sequence[NewSerial],
    *,
    holder: str | None,
    until: datetime,
    now: datetime,
) -> set[UUID]:
    """Inserts jobs, and holds a stamp of its lot for each serial number of the new ones.

    Returns the ids of the new ones, whose key and document were both unused. They are leased to `holder`.

    Raises: Refusal CONFLICT `ledger.insufficient`.
    """
    with ledger.refusals():
        new = await tx.fetchval(_START, *_columns(jobs), until, holder, *_serial_columns(serials), now)
    return set(new)


def _columns(jobs: Sequence[NewJob]) -> tuple[list[object], ...]:
    return (
        [job.id for job in jobs],
        [job.customer_id for job in jobs],
        [job.document_id for job in jobs],
        [job.idempotency_key for job in jobs],
        [job.request_digest for job in jobs],
        [job.lot_account_id for job in jobs],
        [job.reference_id for job in jobs],
        [job.input_digest for job in jobs],
    )


def _serial_columns(serials: Sequence[NewSerial]) -> tuple[list[object], ...]:
    return (
        [serial.serial for serial in serials],
        [serial.job_id for serial in serials],
        [serial.ordinal for serial in serials],
    )


async def claim_due(
    tx: Connection,
    now: datetime,
    *,
    lease_until: datetime,
    limit: int,
    holder: str,
    newest_first: bool = False,
    before: datetime | None = None,
) -> list[tuple[UUID, int]]:
    """Claims jobs that are due: new ones, postponed ones, and those whose worker let its lease run out.

    `before`: only jobs accepted by then.
    """
    rows = await tx.fetch(
        f"""
        UPDATE stamping.job j SET next_attempt_at = $2, lease_holder = $4,
            lease_token = j.lease_token + 1, attempts = j.attempts + 1
        WHERE j.id = ANY (ARRAY(
            SELECT id FROM stamping.job
            WHERE next_attempt_at <= $1 AND ($5::timestamptz IS NULL OR created_at <= $5)
            ORDER BY next_attempt_at {"DESC" if newest_first else "ASC"}
            LIMIT $3 FOR UPDATE SKIP LOCKED))  -- an array: planned as few, among however many
        RETURNING j.id, j.lease_token
        """,  # noqa: S608 (one of two words)
        now,
        lease_until,
        limit,
        holder,
        before,
    )
    return [(row["id"], row["lease_token"]) for row in rows]


async def free_leases(tx: Connection, holder: str, now: datetime) -> int:
    """Makes due the jobs that a worker of this name held when it died."""
    status = await tx.execute(
        """UPDATE stamping.job SET next_attempt_at = $2, lease_holder = NULL
           WHERE lease_holder = $1 AND next_attempt_at > $2""",
        holder,
        now,
    )
    return int(status.rpartition(" ")[2])


async def are_left(conn: Connection, before: datetime, soon: datetime) -> bool:
    """Whether jobs accepted by `before` are at work now, or due by `soon`."""
    found: bool = await conn.fetchval(
        """SELECT EXISTS (SELECT FROM stamping.job
            WHERE next_attempt_at IS NOT NULL AND created_at <= $1
                AND (lease_holder IS NOT NULL OR next_attempt_at <= $2))""",
        before,
        soon,
    )
    return found


async def load_claimed(conn: Connection, claims: Sequence[tuple[UUID, int]]) -> list[ClaimedJob]:
    """Reads what the cycle must know of claimed jobs: inputs, serials and stored intents."""
    tokens = dict(claims)
    rows = await conn.fetch(
        """
        SELECT j.id, j.attempts, j.trouble_code, j.organisation_id, j.reference_id, j.document_id,
            encode(j.input_digest, 'hex') AS input_object,
            jsonb_array_length(d.inspection -> 'pages') AS pages, d.profile, d.input_bytes, d.normalised,
            j.traceparent,
            s.serial, s.ordinal, s.placement, s.allocated_at,
            i.digest, i.prepared_object, i.gap_start, i.gap_end
        FROM stamping.job j
        JOIN stamping.document d ON d.id = j.document_id
        JOIN stamping.serial s ON s.job_id = j.id
        LEFT JOIN stamping.intent i ON i.serial = s.serial
        WHERE j.id = ANY ($1) ORDER BY j.created_at, j.id, s.ordinal
        """,
        list(tokens),
    )
    grouped: dict[UUID, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["id"], []).append(row)
    return [_claimed(found, tokens[id]) for id, found in grouped.items()]


def _claimed(rows: list[Row], lease_token: int) -> ClaimedJob:
    first = rows[0]
    return ClaimedJob(
        id=first["id"],
        lease_token=lease_token,
        attempts=first["attempts"],
        trouble_code=first["trouble_code"],
        organisation_id=first["organisation_id"],
        reference_id=first["reference_id"],
        document_id=first["document_id"],
        input_object=first["input_object"],
        input_bytes=first["input_bytes"],
        normalised=first["normalised"],
        profile=Profile(first["profile"]),
        pages=first["pages"],
        seals=tuple(_seal(row) for row in rows),
        traceparent=first["traceparent"],
    )


def _seal(row: Row) -> Seal:
    intent = None
    if row["digest"] is not None:
        intent = Intent(
            serial=row["serial"],
            digest=row["digest"],
            prepared_object=row["prepared_object"],
            gap_start=row["gap_start"],
            gap_end=row["gap_end"],
        )
    return Seal(
        serial=row["serial"],
        ordinal=row["ordinal"],
        placement=msgspec.convert(row["placement"], Placement),
        day=business_date(row["allocated_at"]),
        intent=intent,
    )


async def hold(tx: Connection, fences: Sequence[Fence]) -> set[UUID]:
    """Locks and returns the jobs whose lease is still ours. Nothing may be written for the others."""
    held = await tx.fetchval(
        _HELD, [fence.job_id for fence in fences], [fence.lease_token for fence in fences]
    )
    return set(held)


async def store_intents(
    connection: Connection,
    fences: Sequence[Fence],
    intents: Sequence[Intent],
    *,
    sealed: Sequence[SerialNumber],
    lease_until: datetime,
    now: datetime,
) -> set[UUID]:
    """Stores an intent for each fence, before signing. Returns the jobs that are still ours.

    If some are not, nothing was written. `sealed`: the serials whose signatures lie in these revisions.
    The commit does not wait for the disk: the signer does, before it uses the key (`stamping.store_intents`).
    """
    held = await connection.fetchval(
        _STORE_INTENTS,
        [fence.job_id for fence in fences],
        [fence.lease_token for fence in fences],
        [intent.serial for intent in intents],
        [intent.digest for intent in intents],
        [intent.prepared_object for intent in intents],
        [intent.gap_start for intent in intents],
        [intent.gap_end for intent in intents],
        list(sealed),
        lease_until,
        now,
    )
    return set(held)


class EndedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose document is released with its last seal."""

    fence: Fence
    releases: tuple[Release, ...]
    """One release per serial number."""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The result of `release`."""

    held: set[UUID]
    """Jobs that are still ours. If some are missing, nothing was written."""
    told: tuple[int, ...]
    """The outbox rows, in the order of the jobs."""


async def release(
    connection: Connection,
    ended: Sequence[EndedJob],
    *,
    owed: Sequence[OwedTimeStamp],
    archive_at: datetime,
    news_at: datetime,
    now: datetime,
) -> Released:
    """Binds serials to their bytes, ends the jobs, writes to the outbox and posts the stamps as used, in
    one call."""
    releases = [release for job in ended for release in job.releases]
    try:
        row = await connection.fetchrow(
            _RELEASE,
            [job.fence.job_id for job in ended],
            [job.fence.lease_token for job in ended],
            [release.serial for release in releases],
            [release.sha256 for release in releases],
            [release.bytes for release in releases],
            [release.pages for release in releases],
            [release.key_id for release in releases],
            archive_at,
            news_at,
            [debt.serial for debt in owed],
            [debt.gap_start for debt in owed],
            [debt.gap_end for debt in owed],
            now,
        )
    except asyncpg.PostgresError as error:
        raise ledger.refusal_of(error) from error
    assert row is not None
    return Released(held=set(row["held"]), told=tuple(row["told"] or ()))


async def prolong(connection: Connection, fences: Sequence[Fence], until: datetime) -> None:
    """Prolongs the leases that are still ours. A lease that was given back has no holder and stays so.

    Locked rows are skipped: another step of ours, or a new holder, is at work on them.
    """
    await connection.execute(
        """UPDATE stamping.job SET next_attempt_at = $3 WHERE id = ANY (ARRAY(
               SELECT j.id FROM stamping.job j
               JOIN unnest($1::uuid[], $2::bigint[]) AS f(id, token) ON f.id = j.id
               WHERE f.token = j.lease_token AND j.lease_holder IS NOT NULL
               FOR NO KEY UPDATE OF j SKIP LOCKED))""",
        [fence.job_id for fence in fences],
        [fence.lease_token for fence in fences],
        until,
    )


async def refuse_jobs(tx: Connection, refusals: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """Refuses jobs, annuls their serial numbers and frees their stamps."""
    with ledger.refusals():
        await tx.execute(
            "SELECT stamping.refuse_jobs($1, $2, $3)",
            [id for id, _ in refusals],
            [code for _, code in refusals],
            now,
        )


async def postpone(
    tx: Connection,
    fences: Sequence[Fence],
    codes: Sequence[str],
    attempts: Sequence[int],
    delays_s: Sequence[float],
    now: datetime,
) -> None:
    """Gives leases back: the jobs are tried again after their delay, with the reason noted."""
    await tx.execute(
        """UPDATE stamping.job j SET next_attempt_at = p.until, trouble_code = p.code, attempts = p.attempts,
                  lease_holder = NULL
           FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::integer[], $5::timestamptz[])
                AS p(id, token, code, attempts, until)
           WHERE j.id = p.id AND j.lease_token = p.token AND j.ended_at IS NULL""",
        [fence.job_id for fence in fences],
        [fence.lease_token for fence in fences],
        list(codes),
        list(attempts),
        [now + timedelta(seconds=delay) for delay in delays_s],
    )
