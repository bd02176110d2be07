"""What customers with a quota wait for: the end of stamping a document or a bundle."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kit.database import Connection


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A document or bundle that somebody waited for, and how its stamping ended."""

    id: UUID
    """Id of the document or the bundle."""
    is_bundle: bool
    customer_id: UUID
    contact_id: UUID | None
    """The contact that was proven for the document."""
    since: datetime
    ended_at: datetime | None
    """When its last document was stamped or refused; None: stamping never began."""
    stamped: int
    """Number of documents that are stamped."""
    refused: int
    """Number of documents that could not be stamped."""

    @property
    def asked(self) -> tuple[UUID, UUID | None]:
        """The customer and the contact."""
        return self.customer_id, self.contact_id


async def note(
    connection: Connection, id: UUID, *, customer_id: UUID, contact_id: UUID | None, now: datetime
) -> None:
    """Notes that somebody waits from now on. Repeating it changes nothing."""
    await connection.execute(
        """INSERT INTO stamping.awaited (id, customer_id, contact_id, since) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        id,
        customer_id,
        contact_id,
        now,
    )


async def take_ended(tx: Connection, before: datetime, *, limit: int) -> list[Awaited]:
    """Takes out entries that began before this moment and have ended, the oldest first."""
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
               WHERE a.since < $1 AND e.moving = 0 AND NOT EXISTS
                   (SELECT FROM stamping.bundle b WHERE b.id = a.id AND b.next_part_at IS NOT NULL)
               ORDER BY a.since, a.id LIMIT $2
           )
           DELETE FROM stamping.awaited a USING taken t WHERE (a.id, a.customer_id) = (t.id, t.customer_id)
           RETURNING a.id, a.customer_id, a.contact_id, a.since, t.is_bundle, t.ended_at, t.stamped,
               t.refused""",
        before,
        limit,
    )
    return sorted((Awaited(**dict(row)) for row in rows), key=lambda one: (one.since, one.id))
