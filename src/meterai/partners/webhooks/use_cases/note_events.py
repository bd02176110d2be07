"""Notes events of partners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterai.kit.database import Connection, Database
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import NewEvent

EVENT_TOPIC = "partners.event"
"""Topic of the outbox; payload: the fields of a `NewEvent`. Whoever makes an event due writes a row."""


async def note_events(db: Database, events: Sequence[NewEvent], *, now: datetime) -> int:
    """Notes events that are not noted yet, and queues messages about them. Safe to repeat.

    Returns how many were new.
    """
    if not events:
        return 0
    async with db.connection() as connection:
        return await note_events_within(connection, events, now=now)


async def note_events_within(connection: Connection, events: Sequence[NewEvent], *, now: datetime) -> int:
    """The same within the caller's transaction."""
    return await store.note_events(connection, events, now)
