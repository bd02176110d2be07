"""Incidents and announcements, for programs of partners and for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, get

from meterai.api.conventions.operations import operation
from meterai.api.dependencies import Service, one_of
from meterai.news.model import (
    Announcement,
    Audience,
    BothLanguages,
    Component,
    Incident,
    IncidentState,
    Severity,
)
from meterai.news.reader import NewsReader


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """A text in Indonesian and in English. Empty: none."""

    id: str
    en: str


class IncidentUpdateNow(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of an incident at a time."""

    at: datetime
    state: IncidentState
    text: Texts


class ApologyOfIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The page that says what an incident did to people and their money."""

    url: str
    published_at: datetime


class IncidentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An incident. `updates`: the newest first. Null: it is not over; no next update is promised."""

    number: int
    components: list[Component]
    severity: Severity
    state: IncidentState
    title: Texts
    started_at: datetime
    ended_at: datetime | None
    next_update_at: datetime | None
    updates: list[IncidentUpdateNow]
    apology: ApologyOfIncident | None


class AnnouncementNow(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement that stands there now. `event`: the slug of the event that it is for; null: none."""

    number: int
    audience: Audience
    event: str | None
    title: Texts
    text: Texts
    starts_at: datetime
    ends_at: datetime


class ApologyNow(msgspec.Struct, frozen=True, kw_only=True):
    """An apology after an incident, of the last seven days. `url`: its page."""

    incident: int
    title: Texts
    url: str
    published_at: datetime


class AnnouncementsNow(msgspec.Struct, frozen=True, kw_only=True):
    """What is told now: open incidents, the worst first, announcements and apologies, the newest first."""

    incidents: list[IncidentNow]
    announcements: list[AnnouncementNow]
    apologies: list[ApologyNow]


@get("/api/v1/announcements", opt=operation(scope=None, cors=True))
async def list_announcements(request: Request[Any, Any, Any], service: Service) -> AnnouncementsNow:
    """Lists open incidents, and announcements for everybody and for partners. At most a second old.

    Announcements for people in the line of an event are not among them.
    """
    reader = one_of(NewsReader, request.app.state, lambda: NewsReader(service.db, service.clock))
    news = (await reader.now()).for_partners()
    return AnnouncementsNow(
        incidents=[show_incident(one, service.public_url) for one in news.incidents],
        announcements=[show_announcement(one) for one in news.announcements],
        apologies=[
            ApologyNow(
                incident=one.incident,
                title=_texts(one.title),
                url=f"{service.public_url}/kabar/{one.incident}",
                published_at=one.published_at,
            )
            for one in news.apologies
        ],
    )


def show_incident(incident: Incident, public_url: str) -> IncidentNow:
    """An incident as everybody sees it."""
    published, url = incident.apologised_at, f"{public_url}/kabar/{incident.number}"
    return IncidentNow(
        number=incident.number,
        components=list(incident.components),
        severity=incident.severity,
        state=incident.state,
        title=_texts(incident.title),
        started_at=incident.started_at,
        ended_at=incident.ended_at,
        next_update_at=incident.next_update_at,
        updates=[
            IncidentUpdateNow(at=one.at, state=one.state, text=_texts(one.text)) for one in incident.updates
        ],
        apology=ApologyOfIncident(url=url, published_at=published) if published else None,
    )


def show_announcement(one: Announcement) -> AnnouncementNow:
    """An announcement as everybody sees it."""
    return AnnouncementNow(
        number=one.number,
        audience=one.audience,
        event=one.event,
        title=_texts(one.title),
        text=_texts(one.text),
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )


def _texts(both: BothLanguages) -> Texts:
    return Texts(id=both.id, en=both.en)


ROUTES = [list_announcements]
