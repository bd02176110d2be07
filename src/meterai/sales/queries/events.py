"""The events that are offered, or were."""

from __future__ import annotations

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.sales.events import Event
from meterai.sales.queries.rows import read_row

COLUMNS = """slug, name, name_en, agency, agency_en, opens_at, closes_at, zone, required_documents,
            output_bytes_max, pdf_version_min, signed_later, hand_in"""
_EVENT = f"SELECT {COLUMNS} FROM sales.event"  # noqa: S608 - our own names


async def events(db: Database) -> tuple[Event, ...]:
    """The events that are offered, the next to close first."""
    async with db.connection() as connection:
        rows = await connection.fetch(_EVENT + " WHERE active ORDER BY closes_at, slug")
    return tuple(read_row(row, Event) for row in rows)


async def entered_events(connection: Connection) -> dict[str, Event]:
    """What officers have entered, by slug. It stands above the events file."""
    rows = await connection.fetch("SELECT says FROM sales.event_entry WHERE is_officers ORDER BY slug")
    return {event.slug: event for event in (msgspec.convert(row["says"], Event) for row in rows)}


async def find_event(db: Database, slug: str, *, also_former: bool = False) -> Event:
    """One event that is offered, or was with `also_former`. Raises: Refusal NOT_FOUND `event.unknown`."""
    async with db.connection() as connection:
        row = await connection.fetchrow(_EVENT + " WHERE slug = $1 AND (active OR $2)", slug, also_former)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "event.unknown")
    return read_row(row, Event)


async def known_event(connection: Connection, slug: str) -> Event | None:
    """An event that is or was offered, with its queue as far as an entry says; None: there is none."""
    row = await connection.fetchrow("SELECT says FROM sales.event_in_force WHERE slug = $1", slug)
    if row is not None:
        return msgspec.convert(row["says"], Event)
    row = await connection.fetchrow(_EVENT + " WHERE slug = $1", slug)
    return None if row is None else read_row(row, Event)
