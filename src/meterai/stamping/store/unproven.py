"""Statements on uploads whose sender has proved no contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from meterai.kit.database import Connection
from meterai.stamping.store.documents import STORED_BYTES

COUNTED_BYTES_MIN = 64 << 10
"""As what the smallest file counts."""


async def bytes_by_network(connection: Connection) -> dict[bytes, int]:
    """Counts the bytes of these uploads by the network of their sender. Uploads without one count under
    nothing."""
    rows = await connection.fetch(
        f"""SELECT coalesce(network, '') AS network, sum(greatest({STORED_BYTES}, $1))::bigint AS bytes
           FROM stamping.document
           WHERE customer_id IS NULL AND input_deleted_at IS NULL GROUP BY 1""",  # noqa: S608 (our own words)
        COUNTED_BYTES_MIN,
    )
    return {row["network"]: row["bytes"] for row in rows}


async def total_bytes(connection: Connection) -> int:
    """Counts the bytes of all these uploads."""
    total: int = await connection.fetchval(
        f"""SELECT coalesce(sum({STORED_BYTES}), 0)::bigint FROM stamping.document
           WHERE customer_id IS NULL AND input_deleted_at IS NULL"""  # noqa: S608 (our own words)
    )
    return total


async def prolong(connection: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Keeps these uploads until `until`, if they would end before and have no customer yet."""
    await connection.execute(
        """UPDATE stamping.document SET retained_until = $2
           WHERE id = ANY ($1) AND customer_id IS NULL AND retained_until < $2""",
        list(ids),
        until,
    )


async def due(connection: Connection, now: datetime, *, limit: int) -> list[UUID]:
    """Lists these uploads whose time is over and that are not being stamped, the oldest first."""
    ids: list[UUID] = await connection.fetchval(
        """SELECT ARRAY(SELECT d.id FROM stamping.document d
               WHERE d.retained_until <= $1 AND d.customer_id IS NULL AND d.input_deleted_at IS NULL
                   AND NOT EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
               ORDER BY d.retained_until LIMIT $2)""",
        now,
        limit,
    )
    return ids
