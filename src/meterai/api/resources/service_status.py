"""The status of the service, for everybody and for status pages elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec
from litestar import Request, get

from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service, one_of
from meterai.api.resources.announcements import (
    AnnouncementNow,
    IncidentNow,
    show_announcement,
    show_incident,
)
from meterai.bootstrap import App
from meterai.operations.service_status import ServiceStatus
from meterai.operations.use_cases.read_public_status import (
    ClosedDay,
    PublicFigures,
    PublicStatus,
    PublicStatusReader,
)
from meterai.texts.service_states import Part, PartState


class PartNow(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the service and how it runs."""

    part: Part
    state: PartState


class DayNow(msgspec.Struct, frozen=True, kw_only=True):
    """The newest closed day. `balanced`: what was paid is stamped, held, refunded or in suspense."""

    date: date
    statement_url: str
    balanced: bool


class FiguresNow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of this moment. `median_minutes_to_stamp`: from payment to stamp, of the last hour.

    Null: nothing was stamped in it, no case waits for an answer, no day is closed.
    """

    people_waiting: int
    median_minutes_to_stamp: float | None
    oldest_open_case_hours: float | None
    day: DayNow | None


class StatusNow(msgspec.Struct, frozen=True, kw_only=True):
    """The status of the service. `lines`: the events that people may stand in line for.

    `incidents`: the open ones, and those that ended or got their apology in the last day; the newest first.
    Incidents, announcements and figures are null while the database does not answer.
    """

    at: datetime
    environment: Literal["development", "production"]
    parts: list[PartNow]
    lines: list[str]
    incidents: list[IncidentNow] | None
    announcements: list[AnnouncementNow] | None
    figures: FiguresNow | None


@get("/api/v1/status", opt=operation(scope=None, cors=True))
async def read_status(request: Request[Any, Any, Any], service: Service) -> StatusNow:
    """Reads the state of each part of the service, its news, and a few figures.

    At most a second old. It also answers while the database is down.
    """
    return show(service, await _reader(request, service).read())


def show(service: App, status: PublicStatus) -> StatusNow:
    """The status as everybody sees it."""
    news, site = status.news, service.public_url
    return StatusNow(
        at=status.seen.at,
        environment=service.settings.environment,
        parts=[PartNow(part=part, state=state) for part, state in status.seen.parts],
        lines=list(status.seen.lines),
        incidents=[show_incident(one, site) for one in news.incidents] if news else None,
        announcements=[show_announcement(one) for one in news.announcements] if news else None,
        figures=_shown(service, status.figures) if status.figures else None,
    )


def _shown(service: App, figures: PublicFigures) -> FiguresNow:
    median, case, day = figures.median_s_to_stamp, figures.oldest_open_case_s, figures.day
    return FiguresNow(
        people_waiting=figures.people_waiting,
        median_minutes_to_stamp=None if median is None else round(median / 60, 2),
        oldest_open_case_hours=round(case / 3_600, 1) if case else None,
        day=_shown_day(service, day) if day else None,
    )


def _shown_day(service: App, day: ClosedDay) -> DayNow:
    url = f"{service.public_url}/hari/{day.date}"
    return DayNow(date=day.date, statement_url=url, balanced=day.balanced)


def _reader(request: Request[Any, Any, Any], service: App) -> PublicStatusReader:
    state = request.app.state

    def make() -> PublicStatusReader:
        parts = one_of(ServiceStatus, state, lambda: ServiceStatus(service.db, service.signer, service.clock))
        return PublicStatusReader(service.db, parts)

    return one_of(PublicStatusReader, state, make)


ROUTES = [read_status]
