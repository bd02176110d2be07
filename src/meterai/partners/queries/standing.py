"""What holds for an organisation because of those above it."""

from __future__ import annotations

import uuid

import msgspec

from meterai.kit.database import Connection


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an organisation may get and use stamps, and whether it reports them."""

    is_active: bool
    """It and all above it are."""
    is_collector: bool
    """It is a collector, or stands below one: the facts of each stamped document are needed."""


async def standing_of(connection: Connection, organisation_id: uuid.UUID) -> Standing:
    """Reads the way up the tree."""
    row = await connection.fetchrow(
        """WITH RECURSIVE up AS (
               SELECT parent_id, state, role FROM partners.organisation WHERE id = $1
               UNION ALL SELECT o.parent_id, o.state, o.role
                   FROM up JOIN partners.organisation o ON o.id = up.parent_id
           ) SELECT coalesce(bool_and(state = 'active'), false) AS is_active,
               coalesce(bool_or(role = 'collector'), false) AS is_collector FROM up""",
        organisation_id,
    )
    assert row is not None
    return Standing(**dict(row))
