"""Sets which events are offered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from meterai.kit.database import Database
from meterai.sales.events import Event
from meterai.sales.store import events as store


async def set_events(db: Database, events: Sequence[Event], *, staying: Collection[str] = ()) -> None:
    """Offers exactly these events, and of the former ones those that are `staying` (slugs); orders of the
    others keep theirs. Safe to repeat at every start."""
    async with db.transaction() as tx:
        await store.put_events(tx, events, staying=staying)
