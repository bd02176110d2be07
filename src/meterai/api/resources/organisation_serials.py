"""Serial numbers of the partner and of those below it, with what is known of their documents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import get
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import Prefix, write_id
from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.partners.stamps.facts import StampFacts
from meterai.partners.stamps.queries import serial_below

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


ROUTES = [read_own_serial]
