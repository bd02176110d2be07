"""Every statement that changes the tables of requests and usage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from meterai.kit.database import Connection, call
from meterai.partners.usage.model import ApiRequest

_NOTE: Final = """
    WITH new AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
            $7::smallint[], $8::text[], $9::integer[])
            AS r (id, organisation_id, client_id, at, method, path, status, code, milliseconds)
    ), kept AS (
        INSERT INTO partners.api_request SELECT * FROM new ON CONFLICT (id) DO NOTHING
    ) INSERT INTO partners.api_usage AS u (client_id, day, requests, refused)
        SELECT client_id, (at AT TIME ZONE 'Asia/Jakarta')::date AS day, count(*),
            count(*) FILTER (WHERE status >= 400)
        FROM new GROUP BY client_id, day ORDER BY client_id, day
        ON CONFLICT (client_id, day) DO UPDATE
        SET requests = u.requests + EXCLUDED.requests, refused = u.refused + EXCLUDED.refused
"""


async def note(tx: Connection, requests: Sequence[ApiRequest]) -> None:
    """Keeps requests and adds them to the days of their clients."""
    names = ("id", "organisation_id", "client_id", "at", "method", "path", "status", "code", "milliseconds")
    await tx.execute(_NOTE, *([getattr(one, name) for one in requests] for name in names))


async def clean_up(conn: Connection, now: datetime, *, limit: int) -> int:
    """Adds up the stamps of days that are over, and deletes what is old. Returns how many rows went."""
    gone: int = await conn.fetchval(call("partners.clean_up_requests", 2), now, limit)
    return gone
