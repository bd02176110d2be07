"""Puts a serial number that was taken before on an uploaded document: places it, and accepts the job."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.pdf.profiles import Profile
from meterai.stamping import queries
from meterai.stamping.model import Job
from meterai.stamping.output_limits import with_stamps
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage
from meterai.stamping.store import documents
from meterai.stamping.taken import store
from meterai.stamping.taken.model import TakenSerial, TakenState
from meterai.stamping.taken.queries import taken_serial
from meterai.stamping.use_cases.place_stamps import check_placements, chosen_profile
from meterai.stamping.use_cases.stamp_document import After, refuse_covering


@on_open_day
async def stamp_taken(
    db: Database,
    document: DocumentPage,
    placement: Placement,
    *,
    organisation_id: UUID,
    serial: str,
    after: After,
    now: datetime,
    profile: Profile | None = None,
) -> Job:
    """Stamps a document with a serial number of the organisation, at one place. Returns the job.

    Again with the same document it returns the same job, also for two requests at the same time. A job that
    was refused has let the serial number go, so it is tried again. `profile`: whether others will sign
    afterwards (None: unchanged).

    Raises: Refusal NOT_FOUND `serial.unknown`; CONFLICT `serial.other_document`, `serial.not_unstamped`
    (given back, or a hash was signed for it), `document.stamped_already`; INVALID `placement.*`; what `after`
    raises.
    """
    taken = await taken_serial(db, serial, organisation_id=organisation_id)
    if taken is None:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    if taken.job_id is not None:
        return await _job_of(db, taken, document.document_id)
    if taken.state is not TakenState.UNSTAMPED:
        raise Refusal(Kind.CONFLICT, "serial.not_unstamped")
    check_placements(document.inspection, [placement])
    refuse_covering(document, placement)
    try:
        async with db.transaction() as tx:
            await _place(tx, document, placement, profile)
            job = await _start(tx, document, serial, organisation_id=organisation_id, now=now)
            await after(tx, job)
    except Refusal as refusal:
        beside = await taken_serial(db, serial, organisation_id=organisation_id)
        if refusal.code != "document.stamped_already" or beside is None or beside.job_id is None:
            raise
        return await _job_of(db, beside, document.document_id)
    return job


async def _start(
    tx: Connection, document: DocumentPage, serial: str, *, organisation_id: UUID, now: datetime
) -> Job:
    job_id = new_id(now)
    started = await store.start_job(
        tx,
        organisation_id=organisation_id,
        job_id=job_id,
        document_id=document.document_id,
        idempotency_key=f"taken-{job_id}",
        request_digest=hashlib.sha256(f"{serial} {document.document_id}".encode()).digest(),
        serial=serial,
        now=now,
    )
    if not started:
        raise Refusal(Kind.CONFLICT, "document.stamped_already")
    job = await queries.job_in(tx, job_id)
    assert job is not None
    return job


async def _job_of(db: Database, taken: TakenSerial, document_id: UUID) -> Job:
    """The job that puts the serial number on this document."""
    job = await queries.job(db, taken.job_id) if taken.job_id else None
    if job is None or job.document_id != document_id:
        raise Refusal(Kind.CONFLICT, "serial.other_document")
    return job


async def _place(
    tx: Connection, document: DocumentPage, placement: Placement, profile: Profile | None
) -> None:
    output = with_stamps(document.output, len(document.placements), 1, document.limits)
    chosen = chosen_profile(document.profile, profile)
    if not await documents.set_placements(tx, document.document_id, [placement], output, profile=chosen):
        raise Refusal(Kind.CONFLICT, "document.stamped_already")
