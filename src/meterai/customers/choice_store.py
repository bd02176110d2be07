"""The statements that write choices of news."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from meterai.customers.contacts import Contact
from meterai.kit.database import Connection, call


async def choose_news(
    connection: Connection, chosen: Sequence[tuple[uuid.UUID, str, bool]], now: datetime
) -> None:
    """Writes whether contacts take kinds of news: (contact, kind, on).

    Raises: asyncpg.PostgresError with `CN001` when no contact would take news of orders.
    """
    await connection.execute(
        call("customers.choose_news", 4),
        [contact_id for contact_id, _, _ in chosen],
        [kind for _, kind, _ in chosen],
        [is_on for _, _, is_on in chosen],
        now,
    )


async def contact_id(connection: Connection, contact: Contact) -> uuid.UUID | None:
    """The id of a contact that is somebody's now."""
    found: uuid.UUID | None = await connection.fetchval(
        "SELECT id FROM customers.contact WHERE kind = $1 AND value = $2 AND replaced_at IS NULL",
        contact.kind,
        contact.value,
    )
    return found
