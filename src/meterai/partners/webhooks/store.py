"""Statements on events, webhooks and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import msgspec

from meterai.kit.database import Connection, Row, call
from meterai.partners.webhooks.model import Due, Event, NewEvent, Tried, Visit, Visited
from meterai.partners.webhooks.retries import Health, next_attempt_at, state_after
from meterai.partners.webhooks.signing import Scheme

_NOTE = call("partners.note_events", 7)
_STOP = call("partners.stop_webhook", 5)
_TEST = call("partners.test_webhook", 4)
_REPLAY = call("partners.replay_deliveries", 7)

DUE_MAX = 16
"""Messages of a visit. More of them wait for the webhook's next turn."""


async def note_events(connection: Connection, events: Sequence[NewEvent], now: datetime) -> int:
    """Notes events that are not noted yet, and queues messages about them. Returns how many were new."""
    noted: int = await connection.fetchval(
        _NOTE,
        [event.organisation_id for event in events],
        [event.kind for event in events],
        [event.subject_id for event in events],
        [event.source_id for event in events],
        [event.facts for event in events],
        [event.happened_at for event in events],
        now,
    )
    return noted


async def claim(
    connection: Connection, now: datetime, *, lease_until: datetime, steady: int, doubtful: int
) -> list[Visit]:
    """Leases webhooks with messages that are due: some that took the last one, and some that did not."""
    rows = await connection.fetch(
        """
        WITH steady AS (
            SELECT id FROM partners.webhook w
            WHERE due_at <= $1 AND failures = 0 AND (lease_until IS NULL OR lease_until <= $1)
            ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
        ), doubtful AS (
            SELECT id FROM partners.webhook w
            WHERE due_at <= $1 AND failures > 0 AND (lease_until IS NULL OR lease_until <= $1)
            ORDER BY due_at LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED
        ), leased AS (
            UPDATE partners.webhook w SET lease_until = $2
            WHERE w.id IN (SELECT id FROM steady UNION ALL SELECT id FROM doubtful)
            RETURNING w.id, w.organisation_id, w.url, w.failures, w.failing_since
        )
        SELECT l.*, (SELECT array_agg(s.secret ORDER BY s.made_at DESC) FROM partners.webhook_secret s
                WHERE s.webhook_id = l.id AND (s.ends_at IS NULL OR s.ends_at > $1)) AS secrets,
            d.id AS delivery_id, d.attempts, e.id AS event_id, e.sequence, e.kind, e.subject_id, e.facts,
            e.happened_at
        FROM leased l LEFT JOIN LATERAL (
            SELECT d.* FROM partners.delivery d WHERE d.webhook_id = l.id AND d.next_attempt_at <= $1
            ORDER BY d.next_attempt_at, d.id LIMIT $5
        ) d ON true LEFT JOIN partners.event e ON e.id = d.event_id
        ORDER BY l.id, d.next_attempt_at, d.id
        """,
        now,
        lease_until,
        steady,
        doubtful,
        DUE_MAX,
    )
    return [_visit(list(group), lease_until) for _, group in groupby(rows, key=lambda row: row["id"])]


def _visit(rows: list[Row], lease_until: datetime) -> Visit:
    first = rows[0]
    return Visit(
        webhook_id=first["id"],
        organisation_id=first["organisation_id"],
        url=first["url"],
        secrets=tuple(first["secrets"] or ()),
        failures=first["failures"],
        failing_since=first["failing_since"],
        lease_until=lease_until,
        due=tuple(_due(row) for row in rows if row["delivery_id"] is not None),
    )


def _due(row: Row) -> Due:
    event = Event(
        id=row["event_id"],
        sequence=row["sequence"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        facts=row["facts"],
        happened_at=row["happened_at"],
    )
    return Due(id=row["delivery_id"], attempts=row["attempts"], event=event)


async def lock_webhooks(tx: Connection, ids: Sequence[UUID]) -> None:
    """Locks webhooks in the order that all writers keep."""
    await tx.execute(
        "SELECT FROM partners.webhook WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", list(ids)
    )


async def record_attempts(tx: Connection, tried: Sequence[Tried], now: datetime) -> None:
    """Writes attempts into the log, and what becomes of their deliveries."""
    numbers = [one.due.attempts + 1 for one in tried]
    pairs = list(zip(tried, numbers, strict=True))
    await tx.execute(
        """
        WITH tried AS (
            SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::integer[], $5::integer[],
                    $6::text[], $7::text[], $8::timestamptz[])
                AS t(id, number, at, took, status, trouble, state, next)
        ), logged AS (
            INSERT INTO partners.delivery_attempt (delivery_id, number, at, milliseconds, status, trouble)
            SELECT d.id, t.number, t.at, t.took, nullif(t.status, 0), nullif(t.trouble, '')
            FROM tried t JOIN partners.delivery d ON d.id = t.id ON CONFLICT DO NOTHING
        )
        UPDATE partners.delivery d SET attempts = greatest(d.attempts, t.number), state = t.state,
            next_attempt_at = t.next, ended_at = CASE WHEN t.state <> 'waiting' THEN $9::timestamptz END
        FROM tried t WHERE d.id = t.id AND (d.state = 'waiting' OR t.state = 'delivered')
        """,
        [one.due.id for one in tried],
        numbers,
        [one.at for one in tried],
        [one.answer.milliseconds for one in tried],
        [one.answer.status for one in tried],
        [one.answer.trouble for one in tried],
        [state_after(one.answer, number) for one, number in pairs],
        [next_attempt_at(one.answer, number, now) for one, number in pairs],
        now,
    )


async def end_visits(tx: Connection, ended: Sequence[tuple[Visited, Health]]) -> None:
    """Gives leases back, and notes how each webhook does and when it is due again."""
    await tx.execute(
        """
        UPDATE partners.webhook w SET failures = n.failures, failing_since = n.since, paused_until = n.paused,
            lease_until = NULL, due_at = (
                SELECT greatest(min(d.next_attempt_at), CASE WHEN count(*) > 0 THEN n.paused END)
                FROM partners.delivery d WHERE d.webhook_id = w.id AND d.next_attempt_at IS NOT NULL)
        FROM unnest($1::uuid[], $2::timestamptz[], $3::integer[], $4::timestamptz[], $5::timestamptz[])
            AS n(id, lease, failures, since, paused)
        WHERE w.id = n.id AND w.lease_until = n.lease
        """,
        [visited.visit.webhook_id for visited, _ in ended],
        [visited.visit.lease_until for visited, _ in ended],
        [health.failures for _, health in ended],
        [health.failing_since for _, health in ended],
        [health.paused_until for _, health in ended],
    )


async def stop_webhook(
    connection: Connection, id: UUID, organisation_id: UUID, *, state: str, because: str | None, now: datetime
) -> bool:
    """Disables or removes a webhook, and stops what waits for it. False: there was none to stop."""
    stopped: bool = await connection.fetchval(_STOP, id, organisation_id, state, because, now)
    return stopped


async def owners(connection: Connection, organisation_id: UUID) -> list[UUID]:
    """The customers who own an organisation."""
    rows = await connection.fetch(
        "SELECT customer_id FROM partners.member WHERE organisation_id = $1 AND role = 'owner'",
        organisation_id,
    )
    return [row["customer_id"] for row in rows]


class NewSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that is to be stored. The site can't read it afterwards."""

    secret: str
    public_key: str | None

    def __repr__(self) -> str:
        return "NewSecret()"


async def add_webhook(
    tx: Connection,
    id: UUID,
    organisation_id: UUID,
    *,
    url: str,
    kinds: Sequence[str],
    description: str,
    scheme: Scheme,
    now: datetime,
) -> bool:
    """Inserts a webhook. False: it is there already."""
    status = await tx.execute(
        """INSERT INTO partners.webhook (id, organisation_id, url, kinds, description, scheme, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        id,
        organisation_id,
        url,
        list(kinds),
        description,
        scheme,
        now,
    )
    return status.endswith(" 1")


async def add_secret(tx: Connection, webhook_id: UUID, new: NewSecret, now: datetime) -> None:
    """Inserts a secret: the newest."""
    await tx.execute(
        """INSERT INTO partners.webhook_secret (webhook_id, made_at, public_key, secret)
           SELECT $1, greatest($2::timestamptz, max(s.made_at) + interval '1 microsecond'), $3, $4
           FROM partners.webhook_secret s WHERE s.webhook_id = $1""",
        webhook_id,
        now,
        new.public_key,
        new.secret,
    )


async def end_secrets(tx: Connection, webhook_id: UUID, *, newest_until: datetime, now: datetime) -> None:
    """Lets the newest secret count until a moment, and those before it no longer."""
    await tx.execute(
        """UPDATE partners.webhook_secret s
           SET ends_at = CASE WHEN s.ends_at IS NULL THEN $2::timestamptz ELSE least(s.ends_at, $3) END
           WHERE s.webhook_id = $1""",
        webhook_id,
        newest_until,
        now,
    )


async def change_webhook(
    tx: Connection, id: UUID, *, url: str, kinds: Sequence[str], description: str
) -> None:
    """Writes what a partner may change. Another address begins without a history of failures."""
    await tx.execute(
        """UPDATE partners.webhook SET url = $2, kinds = $3, description = $4,
               failures = CASE WHEN url = $2 THEN failures ELSE 0 END,
               failing_since = CASE WHEN url = $2 THEN failing_since END,
               paused_until = CASE WHEN url = $2 THEN paused_until END
           WHERE id = $1""",
        id,
        url,
        list(kinds),
        description,
    )


async def enable_webhook(tx: Connection, id: UUID) -> None:
    """Lets a disabled webhook get messages about events from now on."""
    await tx.execute(
        """UPDATE partners.webhook SET state = 'enabled', disabled_because = NULL, failures = 0,
               failing_since = NULL, paused_until = NULL
           WHERE id = $1 AND state = 'disabled'""",
        id,
    )


async def test_webhook(
    connection: Connection, id: UUID, organisation_id: UUID, *, delivery_id: UUID, now: datetime
) -> bool:
    """Queues a test event for one webhook. False: the organisation has no such webhook that is enabled."""
    queued: bool = await connection.fetchval(_TEST, delivery_id, id, organisation_id, now)
    return queued


async def replay(
    connection: Connection,
    webhook_id: UUID,
    organisation_id: UUID,
    *,
    deliveries: Sequence[UUID] | None,
    states: Sequence[str] | None,
    since: datetime | None,
    limit: int,
    now: datetime,
) -> int:
    """Queues messages again. Returns how many; -1: there is no such webhook that is enabled."""
    queued: int = await connection.fetchval(
        _REPLAY, webhook_id, organisation_id, deliveries, states, since, limit, now
    )
    return queued


async def quota_alerts(tx: Connection) -> list[tuple[UUID, int, bool]]:
    """Organisations that want to hear of low stock: the limit in pieces, and whether they were told."""
    rows = await tx.fetch(
        """SELECT organisation_id, pieces, told_at IS NOT NULL AS told FROM partners.quota_alert
           FOR NO KEY UPDATE SKIP LOCKED"""
    )
    return [tuple(row) for row in rows]


async def note_alerts(tx: Connection, organisations: Sequence[UUID], told_at: datetime | None) -> None:
    """Notes when organisations heard of low stock. None: they have enough again."""
    await tx.execute(
        "UPDATE partners.quota_alert SET told_at = $2 WHERE organisation_id = ANY ($1)",
        list(organisations),
        told_at,
    )


async def set_quota_alert(connection: Connection, organisation_id: UUID, pieces: int) -> None:
    """Writes the stock below which an organisation is told, in pieces."""
    await connection.execute(
        """INSERT INTO partners.quota_alert (organisation_id, pieces) VALUES ($1, $2)
           ON CONFLICT (organisation_id) DO UPDATE SET pieces = excluded.pieces""",
        organisation_id,
        pieces,
    )


async def forget(connection: Connection, before: datetime, *, limit: int) -> int:
    """Deletes events from before a moment with their deliveries, old secrets, and removed webhooks."""
    events = await connection.execute(
        """DELETE FROM partners.event WHERE id IN (
               SELECT id FROM partners.event WHERE created_at < $1 ORDER BY created_at LIMIT $2)""",
        before,
        limit,
    )
    secrets = await connection.execute("DELETE FROM partners.webhook_secret WHERE ends_at < $1", before)
    webhooks = await connection.execute(
        """DELETE FROM partners.webhook w WHERE w.state = 'removed' AND w.lease_until IS NULL
               AND NOT EXISTS (SELECT FROM partners.delivery d WHERE d.webhook_id = w.id)"""
    )
    return sum(int(status.rpartition(" ")[2]) for status in (events, secrets, webhooks))
