"""What happened to an organisation lately: its events, and the attempts to send messages about them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Database


class SentTry(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to send a message about an event."""

    event_id: UUID
    kind: str
    """Of the event."""
    url: str
    at: datetime
    number: int
    status: int | None
    trouble: str | None
    state: str
    """Of the delivery, after all its attempts."""


class NotedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and the scenario that was asked for."""

    id: UUID
    kind: str
    at: datetime
    scenario: str | None


async def latest_events(db: Database, organisation_id: UUID, *, limit: int) -> list[NotedEvent]:
    """The newest events of an organisation, the newest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT e.id, e.kind, e.happened_at AS at, e.facts ->> 'scenario' AS scenario
               FROM partners.event e WHERE e.organisation_id = $1 ORDER BY e.sequence DESC LIMIT $2""",
            organisation_id,
            limit,
        )
    return [NotedEvent(**dict(row)) for row in rows]


async def tries_of_events(db: Database, organisation_id: UUID, *, limit: int) -> list[SentTry]:
    """The attempts to send messages about the organisation's newest events, the newest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """WITH newest AS (
                   SELECT e.id, e.kind FROM partners.event e WHERE e.organisation_id = $1
                   ORDER BY e.sequence DESC LIMIT $2
               ) SELECT d.event_id, n.kind, w.url, a.at, a.number, a.status, a.trouble, d.state
               FROM newest n JOIN partners.delivery d ON d.event_id = n.id
               JOIN partners.delivery_attempt a ON a.delivery_id = d.id
               JOIN partners.webhook w ON w.id = d.webhook_id
               ORDER BY a.at DESC, a.number DESC LIMIT $2""",
            organisation_id,
            limit,
        )
    return [SentTry(**dict(row)) for row in rows]
