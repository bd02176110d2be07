"""Reads of requests and usage, each for one organisation (I16)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kit.database import Connection
from meterai.kit.wire_hosts import BASE
from meterai.partners.clients import store as clients
from meterai.partners.usage.model import ApiRequest, DayUsage, Spending


async def last_requests(
    conn: Connection, organisation_id: UUID, *, client_id: UUID | None, before: UUID | None, limit: int
) -> list[ApiRequest]:
    """The last requests of an organisation's clients, or of one of them, the newest first."""
    rows = await conn.fetch(
        """SELECT id, organisation_id, client_id, at, method, path, status, code, milliseconds
           FROM partners.api_request WHERE organisation_id = $1 AND ($2::uuid IS NULL OR client_id = $2)
               AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4""",
        organisation_id,
        client_id,
        before,
        limit,
    )
    return [ApiRequest(**dict(row)) for row in rows]


async def last_wire_requests(
    conn: Connection, organisation_id: UUID, *, among: int, limit: int
) -> list[ApiRequest]:
    """The requests on the wire among the last `among` requests of an organisation, the newest first."""
    asked = await last_requests(conn, organisation_id, client_id=None, before=None, limit=among)
    return [one for one in asked if one.path.startswith(f"{BASE}/")][:limit]


async def usage_by_day(conn: Connection, organisation_id: UUID, *, first: date, last: date) -> list[DayUsage]:
    """What the clients of an organisation did on each of these business dates, the newest first."""
    rows = await conn.fetch(
        """SELECT day, client_id, sum(requests)::bigint AS requests, sum(refused)::bigint AS refused,
               sum(stamps)::bigint AS stamps
           FROM (
               SELECT u.client_id, u.day, u.requests, u.refused, u.stamps
               FROM partners.api_usage u JOIN partners.client c ON c.id = u.client_id
               WHERE c.organisation_id = $1 AND u.day BETWEEN $2 AND $3
               UNION ALL
               SELECT s.client_id, (s.at AT TIME ZONE 'Asia/Jakarta')::date, 0, 0, s.pieces
               FROM partners.client_stamps s JOIN partners.client c ON c.id = s.client_id
               WHERE c.organisation_id = $1 AND (s.at AT TIME ZONE 'Asia/Jakarta')::date BETWEEN $2 AND $3
           ) AS parts GROUP BY day, client_id ORDER BY day DESC, client_id""",
        organisation_id,
        first,
        last,
    )
    return [DayUsage(**dict(row)) for row in rows]


async def spending_of(conn: Connection, organisation_id: UUID, now: datetime) -> list[Spending]:
    """What the clients of an organisation that count have used of their caps, the oldest client first."""
    today = business_date(now)
    rows = await conn.fetch(
        """SELECT s.client_id, coalesce(sum(s.pieces) FILTER (WHERE s.at >= $2), 0)::bigint AS hour,
               sum(s.pieces)::bigint AS day
           FROM partners.client_stamps s JOIN partners.client c ON c.id = s.client_id
           WHERE c.organisation_id = $1 AND s.at >= $3 GROUP BY s.client_id""",
        organisation_id,
        now.replace(minute=0, second=0, microsecond=0),
        start_of_business_date(today),
    )
    used = {row["client_id"]: (row["hour"], row["day"]) for row in rows}
    return [
        Spending(
            client_id=client.id,
            name=client.name,
            limits=client.limits,
            stamps_this_hour=used.get(client.id, (0, 0))[0],
            stamps_today=used.get(client.id, (0, 0))[1],
        )
        for client in await clients.clients_of(conn, organisation_id, today)
        if client.revoked_at is None
    ]
