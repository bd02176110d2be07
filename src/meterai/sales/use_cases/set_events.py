"""Takes over what the events file says."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from meterai.kit.database import Connection, Database
from meterai.sales.events import Event
from meterai.sales.store import events as store


async def set_events(
    db: Database, events: Sequence[Event], *, staying: Collection[str] = ()
) -> tuple[Event, ...]:
    """Offers these events, and those that officers have entered. Returns the events in force.

    An officers' entry stands above the file's. Of the former events those that are `staying` (slugs) stay
    offered. Orders of the others keep theirs. Safe to repeat at every start.
    """
    async with db.transaction() as tx:
        return await set_events_in(tx, events, staying=staying)


async def set_events_in(
    tx: Connection, events: Sequence[Event], *, staying: Collection[str]
) -> tuple[Event, ...]:
    """Does what `set_events` does, in a transaction of the caller."""
    return await store.put_events(tx, events, staying=staying)
