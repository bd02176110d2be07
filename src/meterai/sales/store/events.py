"""Events: selections with a deadline, as the events file and officers say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from meterai.kit.database import Connection
from meterai.sales.events import Event


async def put_events(
    tx: Connection, events: Sequence[Event], *, staying: Collection[str]
) -> tuple[Event, ...]:
    """Writes what the events file says. Returns the events in force: officers' entries stand above it.

    Those are offered. Those in `staying` keep their state. Others are kept for their orders, but are not
    offered.
    """
    await tx.execute("LOCK TABLE sales.event_entry IN SHARE ROW EXCLUSIVE MODE")  # officers write it, too
    await tx.execute(
        "DELETE FROM sales.event_entry WHERE NOT is_officers AND slug <> ALL ($1)",
        [event.slug for event in events],
    )
    for event in events:
        await tx.execute(
            """INSERT INTO sales.event_entry VALUES ($1, false, $2, now())
               ON CONFLICT (slug, is_officers) DO UPDATE SET says = excluded.says, entered_at = now()
               WHERE event_entry.says <> excluded.says""",
            event.slug,
            msgspec.to_builtins(event),
        )
    await tx.execute(
        """UPDATE sales.event SET active = false WHERE active AND slug <> ALL ($1)
               AND NOT EXISTS (SELECT FROM sales.event_in_force f WHERE f.slug = event.slug)""",
        list(staying),
    )
    rows = await tx.fetch("SELECT says, sales.offer_event(says) FROM sales.event_in_force ORDER BY slug")
    return tuple(msgspec.convert(row["says"], Event) for row in rows)


async def event_after(
    connection: Connection, kind: str, slug: str, facts: Mapping[str, object], now: datetime
) -> Event | None:
    """What would be offered after an officer's act; None: nothing.

    Raises: asyncpg.PostgresError with the SQLSTATE EV001 to EV004 of `sales.event_after`.
    """
    says = await connection.fetchval("SELECT sales.event_after($1, $2, $3, $4)", kind, slug, dict(facts), now)
    return None if says is None else msgspec.convert(says, Event)


async def enter_event(
    tx: Connection,
    kind: str,
    slug: str,
    facts: Mapping[str, object],
    *,
    rules: Mapping[str, Any] | None,
    actor: str,
    request: int | None,
    now: datetime,
) -> None:
    """Does what two officers have released with an event and its queue, and writes the audit trail."""
    await tx.execute(
        "SELECT operations.enter_event($1, $2, $3, $4, $5, $6, $7)",
        kind,
        slug,
        dict(facts),
        rules,
        actor,
        request,
        now,
    )
