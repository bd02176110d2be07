"""Reads of events, webhooks and deliveries, each for one organisation (I16)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Row
from meterai.partners.webhooks.model import Attempt, Delivery, Event, Secret, Webhook

_EVENT = "e.id, e.sequence, e.kind, e.subject_id, e.facts, e.happened_at FROM partners.event e"
_WEBHOOK = """w.id, w.url, w.kinds, w.description, w.scheme, w.state, w.disabled_because, w.failing_since,
    w.created_at FROM partners.webhook w"""
_DELIVERY = """d.id, d.webhook_id, d.event_id, e.kind, d.state, d.attempts, d.is_replay, d.next_attempt_at,
    d.created_at, d.ended_at FROM partners.delivery d JOIN partners.event e ON e.id = d.event_id"""


async def events_after(conn: Connection, organisation_id: UUID, *, sequence: int, limit: int) -> list[Event]:
    """The organisation's events with higher numbers, the earliest first."""
    rows = await conn.fetch(
        f"SELECT {_EVENT} WHERE e.organisation_id = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT $3",
        organisation_id,
        sequence,
        limit,
    )
    return [Event(**dict(row)) for row in rows]


async def find_event(conn: Connection, id: UUID, *, organisation_id: UUID) -> Event:
    """Returns an event. Raises: Refusal NOT_FOUND `api.unknown_id`."""
    row = await conn.fetchrow(
        f"SELECT {_EVENT} WHERE e.id = $1 AND e.organisation_id = $2", id, organisation_id
    )
    return Event(**dict(_found(row)))


async def webhooks_of(
    conn: Connection, organisation_id: UUID, *, after: UUID | None, limit: int
) -> list[Webhook]:
    """The organisation's webhooks by their ids."""
    rows = await conn.fetch(
        f"""SELECT {_WEBHOOK} WHERE w.organisation_id = $1 AND w.state <> 'removed'
            AND ($2::uuid IS NULL OR w.id > $2) ORDER BY w.id LIMIT $3""",
        organisation_id,
        after,
        limit,
    )
    return [_webhook(row) for row in rows]


async def find_webhook(conn: Connection, id: UUID, *, organisation_id: UUID) -> Webhook:
    """Returns a webhook. Raises: Refusal NOT_FOUND `api.unknown_id`."""
    row = await conn.fetchrow(
        f"SELECT {_WEBHOOK} WHERE w.id = $1 AND w.organisation_id = $2 AND w.state <> 'removed'",
        id,
        organisation_id,
    )
    return _webhook(_found(row))


async def count_webhooks(conn: Connection, organisation_id: UUID) -> int:
    """How many webhooks an organisation has."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM partners.webhook WHERE organisation_id = $1 AND state <> 'removed'",
        organisation_id,
    )
    return count


async def secrets_of(conn: Connection, webhook_id: UUID, *, now: datetime) -> list[Secret]:
    """What is known of the secrets that count, the newest first."""
    rows = await conn.fetch(
        """SELECT made_at, ends_at, public_key FROM partners.webhook_secret
           WHERE webhook_id = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY made_at DESC""",
        webhook_id,
        now,
    )
    return [Secret(**dict(row)) for row in rows]


async def deliveries_of(
    conn: Connection, webhook_id: UUID, *, before: UUID | None, limit: int
) -> list[Delivery]:
    """The deliveries of a webhook, the newest first."""
    rows = await conn.fetch(
        f"""SELECT {_DELIVERY} WHERE d.webhook_id = $1 AND ($2::uuid IS NULL OR d.id < $2)
            ORDER BY d.id DESC LIMIT $3""",
        webhook_id,
        before,
        limit,
    )
    return [Delivery(**dict(row)) for row in rows]


async def find_delivery(conn: Connection, id: UUID, *, organisation_id: UUID) -> Delivery:
    """Returns a delivery. Raises: Refusal NOT_FOUND `api.unknown_id`."""
    row = await conn.fetchrow(
        f"SELECT {_DELIVERY} WHERE d.id = $1 AND e.organisation_id = $2", id, organisation_id
    )
    return Delivery(**dict(_found(row)))


async def alert_of(conn: Connection, organisation_id: UUID) -> int:
    """The stock below which an organisation is told, in pieces. 0: it is never told."""
    pieces: int | None = await conn.fetchval(
        "SELECT pieces FROM partners.quota_alert WHERE organisation_id = $1", organisation_id
    )
    return pieces or 0


async def attempts_of(conn: Connection, delivery_id: UUID) -> list[Attempt]:
    """The attempts of a delivery, the first one first."""
    rows = await conn.fetch(
        """SELECT number, at, milliseconds, status, trouble FROM partners.delivery_attempt
           WHERE delivery_id = $1 ORDER BY number""",
        delivery_id,
    )
    return [Attempt(**dict(row)) for row in rows]


def _webhook(row: Row) -> Webhook:
    return Webhook(**{**row, "kinds": tuple(row["kinds"])})


def _found(row: Row | None) -> Row:
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "api.unknown_id")
    return row
