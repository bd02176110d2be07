"""Reads of news: for pages, the API, wait pages, the status page and officers. All of it is public."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection
from meterai.news import store
from meterai.news.apology import store as apology_store
from meterai.news.apology.model import FRESH
from meterai.news.model import Announcement, Incident, News

LISTED_MAX = 200


async def current_news(conn: Connection, *, now: datetime) -> News:
    """The open incidents, the worst first; the announcements that stand there now and the apologies that are
    new, the newest first."""
    incidents = await store.open_incidents(conn)
    incidents.sort(key=lambda one: (-one.severity.rank, -one.number))
    apologies = await apology_store.notices_since(conn, now - FRESH)
    return News(tuple(incidents), tuple(await store.announcements_at(conn, now)), tuple(apologies))


async def longest_overdue_s(conn: Connection, now: datetime) -> float:
    """For how long the next update of an open incident has been overdue, at most; 0: none is."""
    return max((one.overdue_s(now) for one in await store.open_incidents(conn)), default=0.0)


async def incident(conn: Connection, number: int) -> Incident:
    """An incident with all updates, the newest first. Raises: Refusal NOT_FOUND `news.incident_unknown`."""
    return await store.read_incident(conn, number)


async def incidents_since(conn: Connection, since: datetime) -> list[Incident]:
    """The incidents that were not over at `since`, or got their apology later, the newest first, with all
    updates; at most `LISTED_MAX`."""
    return await store.incidents_since(conn, since, limit=LISTED_MAX)


async def newest_announcements(conn: Connection) -> list[Announcement]:
    """The announcements of all times, the newest first; at most `LISTED_MAX`."""
    return await store.newest_announcements(conn, limit=LISTED_MAX)
