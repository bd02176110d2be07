"""Stamps: one call stamps one document. A stamp is a job that puts one or more stamps on it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import Parameter
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.access.partner_share import take_place
from meterai.api.conventions.ids import DocumentId, Prefix, StampId, id_of, unknown_id, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service, one_of
from meterai.api.resources.documents import (
    FILE_BYTES_MAX,
    FILE_REFUSALS,
    PDF,
    READING,
    FileName,
    Later,
    Place,
    accept,
    pdf_answer,
    shown_place,
)
from meterai.api.resources.reasons import Reason, reason_of
from meterai.api.resources.sandbox import SCENARIO, SCENARIO_REFUSES, now_of, scenario_of
from meterai.bootstrap import App
from meterai.jail.queueing.callers import recognise
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.partners.model import stock_account_id
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.ordering import OrderedStamps, count_order, note_order
from meterai.partners.stamps.queries import facts_of_jobs
from meterai.stamping.job_watch import JobWatch
from meterai.stamping.model import Job, JobState
from meterai.stamping.owned import OwnedJob, owned_job, owned_jobs
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_page, job_by_key, released_file
from meterai.stamping.scenarios import Scenario
from meterai.stamping.use_cases.script_job import script_job
from meterai.stamping.use_cases.stamp_document import find_wanted_places, stamp_document
from meterai.stamping.use_cases.start_stamping import StampingRequest
from meterai.stamping.wanted_places import WantedPlaces

_ORDER_BYTES_MAX = FILE_BYTES_MAX * 4 // 3 + (64 << 10)
"""A file in base64, and the rest of an order."""
_WAIT_MAX_S = 30.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,4})\b", re.IGNORECASE)
_STAMPED = "pdf.notice.stamped_already"

_REFUSES = {
    **FILE_REFUSALS,
    **READING,
    **SCENARIO_REFUSES,
    "access.line": Kind.BUSY,
    "api.unknown_id": Kind.NOT_FOUND,
    "document.carries_stamp": Kind.CONFLICT,
    "document.input_deleted": Kind.GONE,
    "document.stamped_already": Kind.CONFLICT,
    "facts.identity": Kind.INVALID,
    "facts.missing": Kind.INVALID,
    "client.day_cap": Kind.BUSY,
    "client.hour_cap": Kind.BUSY,
    "partner.day_limit": Kind.BUSY,
    "partner.document_limit": Kind.CONFLICT,
    "partner.not_active": Kind.CONFLICT,
    "placement.covers": Kind.INVALID,
    "placement.keyword_missing": Kind.INVALID,
    "placement.outside": Kind.INVALID,
    "placement.over_drawing": Kind.INVALID,
    "placement.over_field": Kind.INVALID,
    "placement.over_text": Kind.INVALID,
    "placement.overlap": Kind.INVALID,
    "placement.page": Kind.INVALID,
    "placement.size": Kind.INVALID,
    "stamp.one_document": Kind.INVALID,
    "stamp.no_stock": Kind.CONFLICT,
}


class StampOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asks to stamp one document: one that is stored already, or the file that comes with the order."""

    document_id: DocumentId | None = None
    file: Annotated[bytes, Meta(min_length=1, max_length=FILE_BYTES_MAX)] | None = None
    """The PDF in base64, instead of `document_id`."""
    name: FileName = "dokumen.pdf"
    """Of the file."""
    profile: Later = "final"
    """Of the file: `sign_later` if others will sign it after the stamp."""
    places: WantedPlaces | None = None
    """Where the stamps go, one place each. Without it: one stamp where it was proposed."""
    again: bool = False
    """Whether a file that carries a stamp already gets another one."""
    facts: StampFacts | None = None
    """What is known of the document. A collector says all of it."""


class StampedSerial(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number and its place. It counts from the state `released` on."""

    serial: str
    place: Place


class StampedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The stamped file."""

    sha256: str
    bytes: int


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """An ordered stamp, or several on one document."""

    id: StampId
    document_id: DocumentId
    state: JobState
    """`accepted` and `sealing`: it is being made, also after a crash. `released`: its file can be fetched.
    `refused`: it was not made, and used nothing.
    """
    problem: Reason | None
    """Why it was refused, or why the last attempt did not finish. Another attempt follows by itself then."""
    serials: list[StampedSerial]
    file: StampedFile | None
    facts: StampFacts | None
    created_at: datetime
    ended_at: datetime | None


@post(
    "/api/v1/stamps",
    opt=operation(
        scope="stamps:write",
        body_bytes_max=_ORDER_BYTES_MAX,
        answers={201: Stamp},
        refuses=_REFUSES,
    ),
    status_code=202,
)
async def create_stamp(
    request: Request[Any, Any, Any],
    data: StampOrder,
    caller: Caller,
    service: Service,
    once: Once,
    prefer: Annotated[str, Parameter(header="Prefer", required=False)] = "",
    scenario: Annotated[str, Parameter(header=SCENARIO, required=False)] = "",
) -> Response[Stamp]:
    """Stamps a document from the organisation's stock.

    The stamp is reserved before the answer. The answer is 202 while it is being made. With `Prefer: wait=10`
    it comes when the stamp is released or refused (201), after ten seconds at the latest. The wait is 30
    seconds at most.

    In a sandbox `Meterai-Scenario` scripts the outcome: `refused-file`, `slow`, `signer-down` or
    `webhook-lost`.
    """
    await take_place(request.app.state, caller, once)
    job_id = await _ordered(service, caller, once, data, scenario=scenario_of(service, scenario))
    wait_s = _wait_of(prefer)
    watch = one_of(JobWatch, request.app.state, lambda: JobWatch(service.db))
    is_ended = wait_s > 0 and await watch.wait_for(job_id, within_s=wait_s)
    stamp = await _shown(service, await _own(service, caller, job_id))
    headers = {"Location": f"{service.public_url}/api/v1/stamps/{stamp.id}"}
    if wait_s > 0:
        headers["Preference-Applied"] = f"wait={int(wait_s)}"
    return Response(stamp, status_code=201 if is_ended else 202, headers=headers)


@get("/api/v1/stamps", opt=operation(scope="stamps:read"))
async def list_stamps(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
    document_id: DocumentId | None = None,
) -> Response[Page[Stamp]]:
    """Lists the organisation's stamps, the newest first. `document_id`: those of one document."""
    rows = await owned_jobs(
        service.db,
        caller.account_holder,
        behind=read_cursor(cursor, tuple[datetime, UUID]),
        document_id=id_of(Prefix.DOCUMENT, document_id) if document_id else None,
        limit=limit + 1,
    )
    facts = await facts_of_jobs(service.db, [row.id for row in rows])
    return page_of(
        request,
        rows,
        limit=limit,
        show=lambda row: _stamp(row, facts.get(row.id)),
        place=lambda row: (row.created_at, row.id),
    )


@get("/api/v1/stamps/{stamp_id:str}", opt=operation(scope="stamps:read"))
async def read_stamp(caller: Caller, service: Service, stamp_id: StampId) -> Stamp:
    """Answers with a stamp and its state."""
    return await _shown(service, await _own(service, caller, id_of(Prefix.STAMP, stamp_id)))


@get(
    "/api/v1/stamps/{stamp_id:str}/file",
    opt=operation(
        scope="stamps:read",
        answers={200: PDF},
        refuses={"stamp.not_released": Kind.CONFLICT, "document.forgotten": Kind.GONE, **READING},
    ),
)
async def read_stamp_file(caller: Caller, service: Service, stamp_id: StampId) -> Response[bytes]:
    """Answers with the stamped file. Later versions of it have more archive data behind the stamp."""
    job = await _own(service, caller, id_of(Prefix.STAMP, stamp_id))
    if job.state is not JobState.RELEASED:
        raise Refusal(Kind.CONFLICT, "stamp.not_released")
    return pdf_answer((await released_file(service.db, service.objects, job.document_id)).data)


async def _ordered(
    service: App, caller: Caller, once: Once, order: StampOrder, *, scenario: Scenario | None
) -> UUID:
    """Accepts the order, and returns its job. A try that a crash cut off has perhaps made it already."""
    key = f"api-{once.id}"
    if once.is_repeat and (known := await job_by_key(service.db, key)) is not None:
        return known.id
    if (order.document_id is None) == (order.file is None):
        raise Refusal(Kind.INVALID, "stamp.one_document")
    recognise(f"organisation {caller.organisation_id}")
    document, placements, uploaded = await _document(service, caller, order)
    if _STAMPED in document.inspection.notices and not order.again:
        raise Refusal(Kind.CONFLICT, "document.carries_stamp")
    request = StampingRequest(
        document_id=document.document_id,
        customer_id=caller.account_holder,
        lot_account_id=stock_account_id(caller.organisation_id),
        reference_id=once.id,
        idempotency_key=key,
    )
    ordered = OrderedStamps(
        organisation_id=caller.organisation_id,
        client_id=caller.client_id,
        pieces=len(placements),
        per_document=len(placements),
        facts=order.facts,
        uploaded=uploaded,
    )
    now, today = service.clock(), await now_of(service, caller)

    async def note(tx: Connection, job: Job) -> None:
        await note_order(tx, ordered, job_id=job.id, document_id=job.document_id)
        if scenario is not None:
            await script_job(tx, job.id, scenario, now=now)

    try:
        job = await stamp_document(
            service.db,
            document,
            placements,
            request,
            before=partial(count_order, order=ordered, now=today),
            after=note,
            now=now,
        )
    except Refusal as refusal:
        if refusal.code == "ledger.insufficient":
            raise Refusal(Kind.CONFLICT, "stamp.no_stock") from refusal
        raise
    return job.id


async def _document(
    service: App, caller: Caller, order: StampOrder
) -> tuple[DocumentPage, tuple[Placement, ...], str]:
    """The document, the places of its stamps, and the digest of the file that came with the order."""
    if order.file is not None:
        accepted = await accept(
            service, caller, order.file, name=order.name, profile=order.profile, wanted=order.places
        )
        return accepted, accepted.placements, accepted.uploaded
    document_id = id_of(Prefix.DOCUMENT, order.document_id or "")
    document = await document_page(service.db, document_id, customer_id=caller.account_holder)
    if document is None:
        raise unknown_id()
    if document.retained_until <= await now_of(service, caller):
        raise Refusal(Kind.GONE, "document.input_deleted")
    if order.places is None:
        return document, document.placements, ""
    found = await find_wanted_places(service.jail, service.objects, document, order.places)
    return document, tuple(found), ""


def _wait_of(prefer: str) -> float:
    """The seconds that a client wants to wait (RFC 7240); 0: none."""
    found = _WAIT.search(prefer)
    return min(float(found[1]), _WAIT_MAX_S) if found else 0.0


async def _own(service: App, caller: Caller, job_id: UUID) -> OwnedJob:
    """The job, if it is the organisation's."""
    found = await owned_job(service.db, job_id, caller.account_holder)
    if found is None:
        raise unknown_id()
    return found


async def _shown(service: App, job: OwnedJob) -> Stamp:
    facts = await facts_of_jobs(service.db, [job.id])
    return _stamp(job, facts.get(job.id))


def _stamp(job: OwnedJob, facts: StampFacts | None) -> Stamp:
    return Stamp(
        id=write_id(Prefix.STAMP, job.id),
        document_id=write_id(Prefix.DOCUMENT, job.document_id),
        state=job.state,
        problem=reason_of(job.problem) if job.problem else None,
        serials=[
            StampedSerial(serial=serial, place=shown_place(place))
            for serial, place in zip(job.serials, job.placements, strict=True)
        ],
        file=StampedFile(sha256=job.sha256, bytes=job.bytes) if job.sha256 and job.bytes else None,
        facts=facts,
        created_at=job.created_at,
        ended_at=job.ended_at,
    )


ROUTES = [create_stamp, list_stamps, read_stamp, read_stamp_file]
