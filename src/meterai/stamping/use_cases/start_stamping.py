"""Step 1 of the stamping cycle: reserves the stamps, allocates the serial numbers, accepts the job."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import RANDOM_BYTES, make_serial
from meterai.kit.database import Connection, Database, Row
from meterai.ledger.open_day import on_open_day
from meterai.ledger.queries import lot_owners
from meterai.pdf.profiles import Profile
from meterai.stamping import queries
from meterai.stamping.model import ClaimedJob, Job, JobState, Seal
from meterai.stamping.placement import Placement
from meterai.stamping.store import documents, jobs

FIRST_TOKEN = 1
"""Fencing token of a new job, which is leased to the worker that accepted it."""


type Before = Callable[[Connection], Awaitable[None]]
"""Does within the transaction what comes before the stamps are reserved: counts them against limits."""


class StampingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for all stamps that are placed on a document, paid from one quota lot."""

    document_id: UUID
    customer_id: UUID
    lot_account_id: UUID
    reference_id: UUID
    """Id of the item or form that asks for it."""
    idempotency_key: str
    adopts: bool = False
    """Whether a document without an owner becomes the customer's, because their paid order contains it."""
    traceparent: str | None = None
    """The trace in which it was asked for."""

    def digest(self) -> bytes:
        """Digest of the fields that must be equal when the key is equal (I15)."""
        parts = (self.document_id, self.customer_id, self.lot_account_id, self.reference_id)
        return hashlib.sha256(b"".join(part.bytes for part in parts)).digest()


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a request."""

    job: Job
    new: bool
    """False when an earlier call with this key made the job."""
    claimed: ClaimedJob | None = None
    """The job for the worker that accepted it; None: it must be read."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that takes the new jobs at once, without the queue."""

    name: str
    lease_s: float
    asked_by: Sequence[int] = ()
    """Outbox rows, one for each request. Those of `Started.claimed` are done afterwards."""

    def alone_with(self, number: int) -> Worker:
        """The same worker for one of the requests: the outbox rows of the others stay open."""
        return msgspec.structs.replace(self, asked_by=self.asked_by[number : number + 1])


@on_open_day
async def start_stamping(
    db: Database,
    *,
    document_id: UUID,
    customer_id: UUID,
    lot_account_id: UUID,
    reference_id: UUID,
    idempotency_key: str,
    before: Before | None = None,
    now: datetime,
) -> Job:
    """Accepts a stamping job for the workers. The same request again returns the same job.

    With `before` it is refused (`document.stamped_already`), so that nothing counts twice.

    Raises: what `before` raises; Refusal NOT_FOUND `document.unknown`, `quota.unknown` (also what belongs to
    somebody else); INVALID `request.key_reused`, `document.no_stamps`; CONFLICT `document.stamped_already`,
    `ledger.insufficient` (the lot holds too few stamps).
    """
    request = StampingRequest(
        document_id=document_id,
        customer_id=customer_id,
        lot_account_id=lot_account_id,
        reference_id=reference_id,
        idempotency_key=idempotency_key,
    )
    async with db.transaction() as tx:
        if before is not None:
            await before(tx)
        (started,) = await start_within(tx, [request], now=now)
        if before is not None and not started.new:
            raise Refusal(Kind.CONFLICT, "document.stamped_already")
    return started.job


async def start_stampings(
    db: Database, requests: Sequence[StampingRequest], *, now: datetime, worker: Worker | None = None
) -> list[Started | Refusal]:
    """Accepts several requests in one transaction. Returns a job or a refusal for each, in the order given.

    `worker`: the new jobs are leased to it and don't appear in the queue meanwhile.
    """
    if worker is not None:
        at_once = await _start_at_once(db, requests, now=now, worker=worker)
        if at_once is not None:
            return at_once
    try:
        return list(await _start_all(db, requests, now=now, worker=worker))
    except Refusal as refusal:
        if len(requests) == 1:
            return [refusal]
    # One of them is refused. Each is tried alone, so that the others go on.
    outcomes: list[Started | Refusal] = []
    for number, request in enumerate(requests):
        alone = worker.alone_with(number) if worker else None
        outcomes += await start_stampings(db, [request], now=now, worker=alone)
    return outcomes


@on_open_day
async def _start_all(
    db: Database, requests: Sequence[StampingRequest], *, now: datetime, worker: Worker | None
) -> list[Started]:
    async with db.transaction() as tx:
        return await start_within(tx, requests, now=now, worker=worker)


async def _start_at_once(
    db: Database, requests: Sequence[StampingRequest], *, now: datetime, worker: Worker
) -> list[Started | Refusal] | None:
    """Accepts the usual case in one call: new requests without any problem.

    Returns None, and writes nothing, in any other case.
    """
    async with db.connection(hands_on=True) as connection:
        known = await documents.documents_to_stamp(connection, [request.document_id for request in requests])
        try:
            wanted = [_new_job(request, known.get(request.document_id), now, worker) for request in requests]
        except Refusal:
            return None
        serials = [_allocate(job, known[job.document_id]) for job in wanted]
        accepted = await jobs.accept(
            connection,
            wanted,
            [serial for allocated in serials for serial in allocated],
            holder=worker.name,
            until=now + timedelta(seconds=worker.lease_s),
            asked_by=worker.asked_by,
            now=now,
        )
    if not accepted:
        return None
    return [
        Started(
            job=_accepted(job, allocated),
            new=True,
            claimed=_claimed(job, allocated, known[job.document_id], now, request.traceparent),
        )
        for job, allocated, request in zip(wanted, serials, requests, strict=True)
    ]


def _claimed(
    job: jobs.NewJob,
    serials: Sequence[jobs.NewSerial],
    document: Row,
    now: datetime,
    traceparent: str | None,
) -> ClaimedJob:
    """Makes the job that was just written, as `jobs.load_claimed` would read it."""
    return ClaimedJob(
        id=job.id,
        lease_token=FIRST_TOKEN,
        attempts=1,
        trouble_code=None,
        organisation_id=job.organisation_id,
        reference_id=job.reference_id,
        document_id=job.document_id,
        input_object=document["input_object"],
        input_bytes=document["input_bytes"],
        normalised=document["normalised"],
        profile=Profile(document["profile"]),
        pages=document["pages"],
        seals=tuple(
            Seal(
                serial=serial.serial,
                ordinal=serial.ordinal,
                placement=serial.placement,
                day=business_date(now),
                intent=None,
            )
            for serial in serials
        ),
        traceparent=traceparent,
    )


async def start_within(
    tx: Connection, requests: Sequence[StampingRequest], *, now: datetime, worker: Worker | None = None
) -> list[Started]:
    """Accepts all requests within the caller's transaction, which fails with the first refusal.

    Raises: what `start_stamping` raises.
    """
    known = await _documents_of(tx, requests)
    wanted = [_new_job(request, known.get(request.document_id), now, worker) for request in requests]
    owners = await lot_owners(tx, [request.lot_account_id for request in requests])
    if any(owners.get(request.lot_account_id) != request.customer_id for request in requests):
        raise Refusal(Kind.NOT_FOUND, "quota.unknown")
    serials = [serial for job in wanted for serial in _allocate(job, known[job.document_id])]
    until = now + timedelta(seconds=worker.lease_s) if worker else now
    holder = worker.name if worker else None
    new = await jobs.start(tx, wanted, serials, holder=holder, until=until, now=now)
    if len(new) == len(requests):
        return [Started(job=_accepted(job, serials), new=True) for job in wanted]
    return [Started(job=job, new=job.id in new) for job in await _jobs_of(tx, requests)]


async def _documents_of(tx: Connection, requests: Sequence[StampingRequest]) -> dict[UUID, Row]:
    """Reads the documents. Those that a crash of the site left without an owner get the customer who paid."""
    ids = [request.document_id for request in requests]
    known = await documents.documents_to_stamp(tx, ids)
    left = {
        request.document_id: request.customer_id
        for request in requests
        if request.adopts and (row := known.get(request.document_id)) and row["customer_id"] is None
    }
    if not left:
        return known
    await documents.adopt_ownerless(tx, left)
    return await documents.documents_to_stamp(tx, ids)


def _accepted(job: jobs.NewJob, serials: Sequence[jobs.NewSerial]) -> Job:
    """Makes a job as it was just written."""
    return Job(
        id=job.id,
        document_id=job.document_id,
        reference_id=job.reference_id,
        state=JobState.ACCEPTED,
        serials=tuple(serial.serial for serial in serials if serial.job_id == job.id),
        refusal_code=None,
        trouble_code=None,
        attempts=1,
        next_attempt_at=job.next_attempt_at,
        created_at=job.created_at,
        ended_at=None,
    )


def _new_job(
    request: StampingRequest, document: Row | None, now: datetime, worker: Worker | None
) -> jobs.NewJob:
    if document is None or document["customer_id"] != request.customer_id:
        raise Refusal(Kind.NOT_FOUND, "document.unknown")
    if not document["placements"]:
        raise Refusal(Kind.INVALID, "document.no_stamps")
    return jobs.NewJob(
        id=new_id(now),
        organisation_id=document["organisation_id"],
        customer_id=request.customer_id,
        document_id=request.document_id,
        idempotency_key=request.idempotency_key,
        request_digest=request.digest(),
        lot_account_id=request.lot_account_id,
        reference_id=request.reference_id,
        input_digest=bytes.fromhex(document["input_object"]),
        next_attempt_at=now + timedelta(seconds=worker.lease_s) if worker else now,
        lease_holder=worker.name if worker else None,
        created_at=now,
    )


def _allocate(job: jobs.NewJob, document: Row) -> list[jobs.NewSerial]:
    placements = msgspec.convert(document["placements"], list[Placement])
    return [
        jobs.NewSerial(
            serial=make_serial(secrets.token_bytes(RANDOM_BYTES)),
            job_id=job.id,
            ordinal=ordinal,
            placement=placement,
        )
        for ordinal, placement in enumerate(placements, start=1)
    ]


async def _jobs_of(tx: Connection, requests: Sequence[StampingRequest]) -> list[Job]:
    """Reads the jobs, new or from an earlier call, and compares each with its request (I15)."""
    keys = [request.idempotency_key for request in requests]
    found = await queries.jobs_by_key(tx, keys)
    standing = []
    for request in requests:
        known = found.get(request.idempotency_key)
        if known is None:  # the key is new, so the document was taken
            raise Refusal(Kind.CONFLICT, "document.stamped_already")
        digest, job = known
        if digest != request.digest():
            raise Refusal(Kind.INVALID, "request.key_reused")
        standing.append(job)
    return standing
