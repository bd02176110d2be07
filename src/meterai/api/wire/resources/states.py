"""Serial numbers that were taken: whether they are stamped, and what is said of their documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from meterai.api.wire.answers import done
from meterai.api.wire.endpoints import WireRequest, endpoint
from meterai.api.wire.resources.document_facts import changed_facts, check_said
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import parse_serial
from meterai.partners.stamps.serial_facts import change_serial_facts, facts_of_serials
from meterai.stamping.taken.model import TakenSerial
from meterai.stamping.taken.queries import count_unstamped, taken_serial, unstamped_serials

_PAGE: Final = 100


@endpoint("backend", "GET POST", "/api/chanel/stamp/ext", scope="stamps:read")
async def read_state(asked: WireRequest) -> dict[str, Any]:
    """Answers whether a serial number is stamped."""
    return _listed([await taken_of(asked, asked.said.text("filter"), field="filter")], total=1)


@endpoint("stampv2", "GET POST", "/chanel/sale/stamp/ext/{user}", scope="stamps:read")
async def list_unstamped(asked: WireRequest) -> dict[str, Any]:
    """Lists serial numbers of the login's organisation that are not stamped, the newest first."""
    if asked.names["user"] != str(asked.caller.key_id):
        raise Refusal(Kind.NOT_FOUND, "api.unknown_id")
    service, organisation_id = asked.service, asked.caller.organisation_id
    rows = await unstamped_serials(service.db, organisation_id, limit=_PAGE)
    return _listed(rows, total=await count_unstamped(service.db, organisation_id))


@endpoint("stampv2", "POST", "/stamping/update-data/{serial}", scope="stamps:write")
async def change_data(asked: WireRequest) -> dict[str, Any]:
    """Changes what is said of the document of a serial number that is not stamped yet."""
    service, taken = asked.service, await taken_of(asked, asked.names["serial"], field="serial")
    known = await facts_of_serials(service.db, [taken.serial])
    changed = changed_facts(known.get(taken.serial), asked.said.texts)
    check_said(changed.facts, asked.said.texts, needed=False)
    await change_serial_facts(service.db, taken.serial, changed, organisation_id=asked.caller.organisation_id)
    return done({"sn": taken.serial})


async def taken_of(asked: WireRequest, text: str, *, field: str) -> TakenSerial:
    """The serial number that a field of a request names.

    Raises: Refusal INVALID `wire.field_missing`; NOT_FOUND `serial.unknown`, also for those of others (I16).
    """
    if not text:
        raise Refusal(Kind.INVALID, "wire.field_missing", field=field)
    serial, organisation_id = parse_serial(text), asked.caller.organisation_id
    found = serial and await taken_serial(asked.service.db, serial, organisation_id=organisation_id)
    if not found:
        raise Refusal(Kind.NOT_FOUND, "serial.unknown")
    return found


def _listed(rows: Sequence[TakenSerial], *, total: int) -> dict[str, Any]:
    return done({"total": total, "data": [_shown(row) for row in rows]})


def _shown(taken: TakenSerial) -> dict[str, Any]:
    changed = taken.returned_at or taken.released_at or taken.taken_at
    state = "STAMP" if taken.state.is_stamped else "RETURNED" if taken.returned_at else "NOTSTAMP"
    return {
        "serialnumber": taken.serial,
        "status": state,
        "file": taken.name,
        "tglupdate": changed.isoformat(),
    }


ENDPOINTS = (read_state, list_unstamped, change_data)
