"""Signing in the cloud: an uploaded file gets the stamp of a serial number that was taken before."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from meterai.api.access.partner_share import take_place
from meterai.api.conventions.once import Once
from meterai.api.dependencies import one_of
from meterai.api.resources.sandbox import now_of
from meterai.api.wire.answers import signed
from meterai.api.wire.endpoints import Style, WireRequest, endpoint
from meterai.api.wire.resources.signing_fields import (
    check_fields,
    profile_of,
    read_box,
    read_serial,
)
from meterai.api.wire.resources.uploads import file_url, read_name
from meterai.bootstrap import App
from meterai.jail.queueing.callers import recognise
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection
from meterai.partners.stamps.serial_facts import give_facts_to_job
from meterai.pdf.profiles import Profile
from meterai.stamping.job_watch import JobWatch
from meterai.stamping.model import Job, JobState
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, document_page, job
from meterai.stamping.signing_box import place_in
from meterai.stamping.taken.queries import taken_serial
from meterai.stamping.use_cases.look_under_stamps import look_under_stamps
from meterai.stamping.use_cases.stamp_taken import stamp_taken

WAIT_S: Final = 50.0
"""Clients wait for a minute."""
_MANDATORY: Final = (
    "profileName",
    "src",
    "dest",
    "reason",
    "location",
    "spesimenPath",
    "certificatelevel",
)


@endpoint(
    "stampservice",
    "POST",
    "/keystamp/adapter/docSigningZ",
    scope="stamps:write",
    style=Style.SIGNING,
)
async def sign_document(asked: WireRequest) -> dict[str, Any]:
    """Stamps an uploaded file, and answers when that is done. The same request again uses no second stamp."""
    check_fields(asked.said, _MANDATORY)
    serial = read_serial(asked.said)
    document = await _document(asked)
    started = _started(document, serial) or await _start(asked, document, serial)
    await _ended(asked, started, serial)
    return signed(urlFile=file_url(asked.service, document.document_id))


async def _document(asked: WireRequest) -> DocumentPage:
    """The file that `src` or `docId` names. Raises: Refusal INVALID `wire.document_unknown`."""
    named, id = read_name(asked.said.text("src"))
    told = asked.said.text("docId")
    if told and id is None:
        named, id = read_name(f"doc_{told}.pdf")
    document = None
    if id is not None and named == "doc" and (not told or told.lower() in (id.hex, str(id))):
        holder = asked.caller.account_holder
        document = await document_page(asked.service.db, id, customer_id=holder)
    if document is None:
        raise Refusal(Kind.INVALID, "wire.document_unknown", field="src")
    return document


def _started(document: DocumentPage, serial: SerialNumber) -> Job | None:
    """The job of an earlier request for the same serial number and file."""
    known = document.job
    is_same = known is not None and serial in known.serials and known.state is not JobState.REFUSED
    return known if is_same else None


async def _start(asked: WireRequest, document: DocumentPage, serial: SerialNumber) -> Job:
    """Puts the stamp where the request wants it, and starts its job."""
    service, now = asked.service, asked.service.clock()
    taken = await taken_serial(service.db, serial, organisation_id=asked.caller.organisation_id)
    if taken is None:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    if document.retained_until <= await now_of(service, asked.caller):
        raise Refusal(Kind.GONE, "document.input_deleted")
    recognise(f"organisation {asked.caller.organisation_id}")
    profile = profile_of(asked.said)
    placement = await _placed(asked, document, profile)
    await take_place(asked.state, asked.caller, Once(id=new_id(now), is_repeat=False))
    organisation_id = asked.caller.organisation_id

    async def report(tx: Connection, made: Job) -> None:
        await give_facts_to_job(tx, organisation_id, serial=serial, job_id=made.id)

    return await stamp_taken(
        service.db,
        document,
        placement,
        organisation_id=organisation_id,
        serial=serial,
        after=report,
        now=now,
        profile=profile,
    )


async def _placed(asked: WireRequest, document: DocumentPage, profile: Profile) -> Placement:
    """The place of the stamp: a square in the box that is wanted, or where it was proposed.

    It may cover what lies there, but nothing of a signed file.

    Raises: Refusal INVALID `placement.covers`.
    """
    box = read_box(asked.said)
    wanted = place_in(box, document.inspection.pages) if box else document.placements[0]
    service = asked.service
    (seen,) = await look_under_stamps(service.jail, service.objects, document, [wanted], profile=profile)
    return msgspec.structs.replace(seen, may_cover=bool(seen.covers))


async def _ended(asked: WireRequest, started: Job, serial: SerialNumber) -> None:
    """Waits until the file is stamped.

    Raises: Refusal BUSY `wire.signing_runs` when that takes longer; INVALID `pdf.*` when the file was
    refused; CONFLICT `wire.signing_failed`, `wire.serial_given_up` when the serial number went back to the
    quota.
    """
    service = asked.service
    watch = one_of(JobWatch, asked.state, lambda: JobWatch(service.db))
    await watch.wait_for(started.id, within_s=WAIT_S)
    ended = await job(service.db, started.id)
    if ended is None or ended.ended_at is None:
        raise Refusal(Kind.BUSY, "wire.signing_runs")
    if ended.refusal_code:
        await _refuse(service, asked.caller.organisation_id, serial, code=ended.refusal_code)


async def _refuse(service: App, organisation_id: UUID, serial: SerialNumber, *, code: str) -> None:
    taken = await taken_serial(service.db, serial, organisation_id=organisation_id)
    if taken is None or taken.returned_at is not None:
        raise Refusal(Kind.CONFLICT, "wire.serial_given_up")
    if code.startswith("pdf."):
        raise Refusal(Kind.INVALID, code)
    raise Refusal(Kind.CONFLICT, "wire.signing_failed", reason=code)


ENDPOINTS = (sign_document,)
