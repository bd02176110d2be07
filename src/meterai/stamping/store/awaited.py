"""What customers wait for whose stamps are made from quota: a document, or a bundle."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Connection


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody waited for, and how it ended."""

    id: UUID
    """Of the document or the bundle."""
    is_bundle: bool
    customer_id: UUID
    contact_id: UUID | None
    """The contact that was proven for it."""
    since: datetime
    ended_at: datetime | None
    """When the last of its documents was stamped or refused; None: nothing was given to stamping."""
    stamped: int
    """Documents that were stamped, now or before."""
    refused: int
    """Documents that could not be stamped."""

    @property
    def asked(self) -> tuple[UUID, UUID | None]:
        """Customer and contact."""
        return self.customer_id, self.contact_id


async def note(
    connection: Connection, id: UUID, *, customer_id: UUID, contact_id: UUID | None, now: datetime
) -> None:
    """Notes that somebody waits from now on; once while they do."""
    await connection.execute(
        """INSERT INTO stamping.awaited (id, customer_id, contact_id, since) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        id,
        customer_id,
        contact_id,
        now,
    )


async def take_ended(tx: Connection, before: datetime, *, limit: int) -> list[Awaited]:
    """Takes out what was begun before this moment and has ended, the oldest first."""
    rows = await tx.fetch(
        """WITH taken AS (
               SELECT a.id, a.customer_id, e.ended_at, e.stamped, e.refused,
                   EXISTS (SELECT FROM stamping.bundle b WHERE b.id = a.id) AS is_bundle
               FROM stamping.awaited a, LATERAL (
                   SELECT count(*) FILTER (WHERE d.moving) AS moving, max(d.ended_at) AS ended_at,
                       count(*) FILTER (WHERE d.stamped) AS stamped,
                       count(*) FILTER (WHERE NOT d.stamped) AS refused
                   FROM (SELECT bool_or(j.ended_at IS NULL) AS moving, max(j.ended_at) AS ended_at,
                             bool_or(j.state = 'released') AS stamped
                         FROM stamping.job j
                         WHERE j.customer_id = a.customer_id AND j.document_id IN (
                             SELECT a.id UNION ALL SELECT f.document_id FROM stamping.bundle_file f
                             WHERE f.bundle_id = a.id)
                         GROUP BY j.document_id) d
               ) e
               WHERE a.since < $1 AND e.moving = 0
               ORDER BY a.since, a.id LIMIT $2
           )
           DELETE FROM stamping.awaited a USING taken t WHERE (a.id, a.customer_id) = (t.id, t.customer_id)
           RETURNING a.id, a.customer_id, a.contact_id, a.since, t.is_bundle, t.ended_at, t.stamped,
               t.refused""",
        before,
        limit,
    )
    return sorted((Awaited(**dict(row)) for row in rows), key=lambda one: (one.since, one.id))
