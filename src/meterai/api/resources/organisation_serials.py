"""Serial numbers of the partner and of those below it, with what is known of their documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import Prefix, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.queries import serial_below
from meterai.stamping.taken.model import TakenSerial
from meterai.stamping.taken.queries import returned_serials, unstamped_serials
from meterai.stamping.use_cases.return_serials import return_serials

RETURNED_MAX = 1000
"""Serial numbers that one request gives back, at most."""
Serial = Annotated[str, Meta(max_length=60, description="Spaces and dashes in it do no harm.")]


class OwnSerial(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number and the stamp that has it.

    It counts when it is `released`, or `used`: a hash was signed, and the file is elsewhere. While it is
    being made it is `allocated`, then `sealed`. `unstamped`: it was taken, and waits. `annulled`: not used.
    """

    serial: str
    state: Literal["unstamped", "allocated", "sealed", "released", "used", "annulled"]
    organisation_id: str
    stamp_id: str | None
    """Null: no stamp was ordered for it here."""
    document_id: str | None
    """Null: its document is not here."""
    sha256: str | None
    """Of the newest version of the stamped file."""
    facts: StampFacts | None
    """The liable party is shown to the organisation itself, not to those above it."""
    allocated_at: datetime
    released_at: datetime | None


class UnstampedSerial(msgspec.Struct, frozen=True, kw_only=True):
    """A serial number that was taken, and waits for its document. It holds a stamp until it is given back."""

    serial: str
    name: str
    """Of the document's file."""
    request_key: str | None
    """The `idfile` for which it was taken on the wire. The same one gets the same serial number."""
    document_id: str | None
    """The uploaded document that it is for. Null: the document is not here."""
    taken_at: datetime


class SerialsToReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Serial numbers of the organisation that calls."""

    serials: Annotated[
        list[Annotated[str, Meta(max_length=60, pattern=r"^[0-9A-Za-z \-]+$")]],
        Meta(min_length=1, max_length=RETURNED_MAX),
    ]


class ReturnedSerials(msgspec.Struct, frozen=True, kw_only=True):
    """Those of the serial numbers whose stamps are back in the stock, now or from before."""

    returned: list[str]


def _show(taken: TakenSerial) -> UnstampedSerial:
    return UnstampedSerial(
        serial=taken.serial,
        name=taken.name,
        request_key=taken.request_key,
        document_id=write_id(Prefix.DOCUMENT, taken.document_id) if taken.document_id else None,
        taken_at=taken.taken_at,
    )


@get("/api/v1/organisation/serials", opt=operation(scope="quota:read"))
async def list_unstamped_serials(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[UnstampedSerial]]:
    """Lists the serial numbers that the organisation took and that are not stamped yet, the newest first."""
    behind = read_cursor(cursor, tuple[datetime, str])
    rows = await unstamped_serials(service.db, caller.organisation_id, behind=behind, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=_show, place=lambda row: (row.taken_at, row.serial))


@post("/api/v1/organisation/serials/returns", opt=operation(scope="quota:move"), status_code=200)
async def return_unstamped_serials(
    data: SerialsToReturn, caller: Caller, once: Once, service: Service
) -> ReturnedSerials:
    """Gives serial numbers that are not stamped back to the stock. They can't be used any more.

    Those that are stamped, being stamped, or not the organisation's stay as they are, and are left out.
    """
    serials = [serial for text in data.serials if (serial := parse_serial(text))]
    await return_serials(service.db, serials, organisation_id=caller.organisation_id, now=service.clock())
    return ReturnedSerials(returned=await returned_serials(service.db, caller.organisation_id, serials))


@get(
    "/api/v1/organisation/serials/{serial:str}",
    opt=operation(scope="stamps:read", refuses={"serial.unknown": Kind.NOT_FOUND}),
)
async def read_own_serial(caller: Caller, service: Service, serial: Serial) -> OwnSerial:
    """Reads a serial number of the organisation that calls, or of one below it.

    All others answer `serial.unknown`; `/api/v1/serials/SERIAL` says what anybody may know of them.
    """
    parsed = parse_serial(serial)
    found = None if parsed is None else await serial_below(service.db, parsed, seen_by=caller.organisation_id)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return OwnSerial(
        serial=found.serial,
        state=found.state,
        organisation_id=write_id(Prefix.ORGANISATION, found.organisation_id),
        stamp_id=write_id(Prefix.STAMP, found.job_id) if found.job_id else None,
        document_id=write_id(Prefix.DOCUMENT, found.document_id) if found.document_id else None,
        sha256=found.sha256,
        facts=found.facts,
        allocated_at=found.allocated_at,
        released_at=found.released_at,
    )


ROUTES = [list_unstamped_serials, return_unstamped_serials, read_own_serial]
