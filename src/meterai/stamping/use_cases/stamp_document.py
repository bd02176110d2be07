"""Stamps one document from the stock of an organisation: places first, then the job, in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.kit.files.object_store import ObjectStore
from meterai.ledger.open_day import on_open_day
from meterai.pdf.profiles import Profile
from meterai.stamping.model import Job
from meterai.stamping.output_limits import with_stamps
from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage, read_checked
from meterai.stamping.requests import PlacesSeen, WantedRequest
from meterai.stamping.store import documents
from meterai.stamping.use_cases.look_under_stamps import refuse_unsettled
from meterai.stamping.use_cases.place_stamps import check_placements
from meterai.stamping.use_cases.start_stamping import Before, StampingRequest, start_within
from meterai.stamping.wanted_places import FIND_PLACES, WantedPlace

type After = Callable[[Connection, Job], Awaitable[None]]
"""Does within the transaction what needs the job."""


async def find_wanted_places(
    jail: JailPool, objects: ObjectStore, document: DocumentPage, wanted: Sequence[WantedPlace]
) -> list[Placement]:
    """Finds wanted places on a stored document, and what each covers.

    Raises: Refusal INVALID `placement.*` (as `find_places` and `check_placements`); UNAVAILABLE
    `object.missing`, `object.damaged`; BUSY `jail.busy`.
    """
    request = WantedRequest(
        data=await read_checked(objects, document.input_object),
        sizes=document.inspection.pages,
        wanted=list(wanted),
        signed=document.profile is Profile.SIGNED,
    )
    found = await jail.run(FIND_PLACES, request, PlacesSeen, owner=str(document.document_id))
    check_placements(document.inspection, found.placements)
    return found.placements


@on_open_day
async def stamp_document(
    db: Database,
    document: DocumentPage,
    placements: Sequence[Placement],
    request: StampingRequest,
    *,
    before: Before,
    after: After,
    now: datetime,
) -> Job:
    """Moves the stamps to these places, reserves them, and accepts the job for the workers.

    A stamp may cover something only if its place says so; on a signed file it never may.

    Raises: Refusal INVALID `placement.covers`, `placement.over_text`, `placement.over_drawing`,
    `placement.over_field`; as `start_stamping`; what `before` and `after` raise. Nothing is spent then.
    """
    for placement in placements:
        refuse_covering(document, placement)
    async with db.transaction() as tx:
        await before(tx)
        if tuple(placements) != document.placements:
            await _move(tx, document, placements)
        (started,) = await start_within(tx, [request], now=now)
        if not started.new:  # the same request is being carried out twice
            raise Refusal(Kind.CONFLICT, "document.stamped_already")
        await after(tx, started.job)
    return started.job


def refuse_covering(document: DocumentPage, placement: Placement) -> None:
    """Refuses a stamp that covers what nobody agreed to, or anything on a signed file.

    Raises: Refusal INVALID `placement.*` as `stamp_document`.
    """
    if document.profile is Profile.SIGNED and placement.covers:
        raise Refusal(Kind.INVALID, "placement.covers", page=placement.page)
    refuse_unsettled(placement)


async def _move(tx: Connection, document: DocumentPage, placements: Sequence[Placement]) -> None:
    output = with_stamps(document.output, len(document.placements), len(placements), document.limits)
    moved = await documents.set_placements(
        tx, document.document_id, placements, output, profile=document.profile
    )
    if not moved:
        raise Refusal(Kind.CONFLICT, "document.stamped_already")
