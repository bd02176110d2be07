"""The sandbox for partners: what a test installation does besides."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, put
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service
from meterai.bootstrap import App
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.sandbox.model import is_on, require
from meterai.partners.sandbox.use_cases.move_clock import clock_ahead, move_clock
from meterai.stamping.scenarios import Scenario, read_scenario

CLOCK = "/api/v1/sandbox/clock"
SCENARIO = "Meterai-Scenario"
SCENARIO_REFUSES = {"sandbox.off": Kind.MALFORMED, "sandbox.scenario": Kind.INVALID}
_OFF = {"sandbox.off": Kind.NOT_FOUND}


class ClockMove(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to move the clock."""

    now: Annotated[datetime, Meta(tz=True)] | None
    """The time that it shall show, never earlier than it shows. Null: the real time."""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's clock. It goes on from where it was moved."""

    now: datetime
    ahead_s: int
    """Seconds by which it is ahead of the real time."""


@get(CLOCK, opt=operation(scope="organisations:read", refuses=_OFF))
async def read_clock(caller: Caller, service: Service) -> Clock:
    """Says what the organisation's clock shows."""
    require(service.settings)
    ahead = await clock_ahead(service.db, caller.organisation_id)
    return Clock(now=service.clock() + ahead, ahead_s=int(ahead.total_seconds()))


@put(
    CLOCK,
    opt=operation(scope="organisations:write", refuses={**_OFF, "sandbox.clock": Kind.CONFLICT}),
)
async def set_clock(data: ClockMove, caller: Caller, service: Service) -> Clock:
    """Moves the organisation's clock forward, or back to the real time.

    It counts for what depends on a day: agreements, limits and caps, months of reports, the end of uploads.
    """
    require(service.settings)
    now = service.clock()
    ahead = await move_clock(service.db, caller.organisation_id, to=data.now, now=now)
    return Clock(now=now + ahead, ahead_s=int(ahead.total_seconds()))


async def now_of(service: App, caller: Caller) -> datetime:
    """What the clock of the organisation that calls shows: the real time, except in a sandbox."""
    now = service.clock()
    if not is_on(service.settings):
        return now
    return now + await clock_ahead(service.db, caller.organisation_id)


def scenario_of(service: App, name: str) -> Scenario | None:
    """The scenario that a request names.

    Raises: Refusal MALFORMED `sandbox.off`, INVALID `sandbox.scenario`.
    """
    if not name:
        return None
    if not is_on(service.settings):
        raise Refusal(Kind.MALFORMED, "sandbox.off")
    return read_scenario(name)


ROUTES = [read_clock, set_clock]
