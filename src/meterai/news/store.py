"""Every SQL statement on the tables of news."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row
from meterai.news.model import Announcement, Incident, IncidentUpdate

_INCIDENT = """SELECT i.number, i.components, i.severity, i.state, i.started_at, i.ended_at, i.next_update_at,
    jsonb_build_object('id', i.title_id, 'en', i.title_en) AS title,
    (SELECT a.published_at FROM news.apology a WHERE a.incident = i.number) AS apologised_at,
    (SELECT jsonb_agg(jsonb_build_object('state', u.state, 'at', u.at,
         'text', jsonb_build_object('id', u.text_id, 'en', u.text_en)) ORDER BY u.place DESC)
     FROM news.incident_update u WHERE u.incident = i.number) AS updates FROM news.incident i """
_SINCE = """WHERE coalesce(i.ended_at, 'infinity') >= $1
        OR i.number IN (SELECT a.incident FROM news.apology a WHERE a.published_at >= $1)
    ORDER BY i.started_at DESC, i.number DESC LIMIT $2"""
_ANNOUNCEMENT = """SELECT a.number, a.audience, a.event, a.starts_at, a.ends_at,
    jsonb_build_object('id', a.title_id, 'en', a.title_en) AS title,
    jsonb_build_object('id', a.text_id, 'en', a.text_en) AS text FROM news.announcement a """


async def insert_incident(tx: Connection, incident: Incident) -> int:
    """Inserts an incident without its updates, whatever its number is. Returns its new number."""
    number: int = await tx.fetchval(
        """INSERT INTO news.incident
               (components, severity, state, title_id, title_en, started_at, next_update_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING number""",
        list(incident.components),
        incident.severity,
        incident.state,
        incident.title.id,
        incident.title.en,
        incident.started_at,
        incident.next_update_at,
    )
    return number


async def lock_incident(tx: Connection, number: int) -> Incident:
    """The incident, until the end of the transaction. Raises: Refusal NOT_FOUND `news.incident_unknown`."""
    await tx.execute("SELECT FROM news.incident WHERE number = $1 FOR UPDATE", number)
    return await read_incident(tx, number)


async def read_incident(conn: Connection, number: int) -> Incident:
    """An incident with all updates. Raises: Refusal NOT_FOUND `news.incident_unknown`."""
    row = await conn.fetchrow(_INCIDENT + "WHERE i.number = $1", number)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "news.incident_unknown", number=number)
    return _incident(row)


async def set_incident(tx: Connection, incident: Incident) -> None:
    """Writes what may change of an incident, but its updates."""
    await tx.execute(
        """UPDATE news.incident SET components = $2, severity = $3, state = $4, ended_at = $5,
               next_update_at = $6 WHERE number = $1""",
        incident.number,
        list(incident.components),
        incident.severity,
        incident.state,
        incident.ended_at,
        incident.next_update_at,
    )


async def add_update(tx: Connection, number: int, update: IncidentUpdate) -> None:
    """Adds an update to an incident."""
    await tx.execute(
        """INSERT INTO news.incident_update (incident, place, state, text_id, text_en, at)
           SELECT $1, 1 + count(*), $2, $3, $4, $5 FROM news.incident_update WHERE incident = $1""",
        number,
        update.state,
        update.text.id,
        update.text.en,
        update.at,
    )


async def open_incidents(conn: Connection) -> list[Incident]:
    """The incidents that are not resolved, with all updates."""
    rows = await conn.fetch(_INCIDENT + "WHERE i.state <> 'resolved' ORDER BY i.number")
    return [_incident(row) for row in rows]


async def incidents_since(conn: Connection, since: datetime, *, limit: int) -> list[Incident]:
    """The incidents that were not over at `since`, or got their apology later, with all updates, the newest
    first."""
    rows = await conn.fetch(
        _INCIDENT + _SINCE,
        since,
        limit,
    )
    return [_incident(row) for row in rows]


async def insert_announcement(tx: Connection, announcement: Announcement) -> int:
    """Inserts an announcement, whatever its number is. Returns its new number."""
    number: int = await tx.fetchval(
        """INSERT INTO news.announcement
               (audience, event, title_id, title_en, text_id, text_en, starts_at, ends_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number""",
        announcement.audience,
        announcement.event,
        announcement.title.id,
        announcement.title.en,
        announcement.text.id,
        announcement.text.en,
        announcement.starts_at,
        announcement.ends_at,
    )
    return number


async def lock_announcement(tx: Connection, number: int) -> Announcement:
    """The announcement. Raises: Refusal NOT_FOUND `news.announcement_unknown`."""
    row = await tx.fetchrow(_ANNOUNCEMENT + "WHERE a.number = $1 FOR UPDATE", number)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "news.announcement_unknown", number=number)
    return _announcement(row)


async def read_announcement(conn: Connection, number: int) -> Announcement:
    """An announcement. Raises: Refusal NOT_FOUND `news.announcement_unknown`."""
    row = await conn.fetchrow(_ANNOUNCEMENT + "WHERE a.number = $1", number)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "news.announcement_unknown", number=number)
    return _announcement(row)


async def set_end(tx: Connection, number: int, ends_at: datetime) -> None:
    """Sets the end of an announcement."""
    await tx.execute("UPDATE news.announcement SET ends_at = $2 WHERE number = $1", number, ends_at)


async def announcements_at(conn: Connection, now: datetime) -> list[Announcement]:
    """The announcements that stand there now, the newest first."""
    rows = await conn.fetch(
        _ANNOUNCEMENT + "WHERE a.starts_at <= $1 AND a.ends_at > $1 ORDER BY a.number DESC", now
    )
    return [_announcement(row) for row in rows]


async def newest_announcements(conn: Connection, *, limit: int) -> list[Announcement]:
    """The announcements of all times, the newest first."""
    rows = await conn.fetch(_ANNOUNCEMENT + "ORDER BY a.number DESC LIMIT $1", limit)
    return [_announcement(row) for row in rows]


def _incident(row: Row) -> Incident:
    return msgspec.convert(dict(row), Incident)


def _announcement(row: Row) -> Announcement:
    return msgspec.convert(dict(row), Announcement)
