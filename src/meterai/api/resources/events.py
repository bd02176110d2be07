"""Events: what happened to the organisation that calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import EventId, Prefix, id_of
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.dependencies import Service
from meterai.partners.webhooks.bodies import data_of, message_id
from meterai.partners.webhooks.model import Event
from meterai.partners.webhooks.queries import events_after, find_event


class ShownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event. Messages to webhooks say the same."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


def show(event: Event) -> ShownEvent:
    """An event as partners see it."""
    return ShownEvent(id=message_id(event), type=event.kind, timestamp=event.happened_at, data=data_of(event))


@get("/api/v1/events", opt=operation(scope="events:read"))
async def list_events(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownEvent]]:
    """Lists the events of the last 30 days, the earliest first."""
    after = read_cursor(cursor, int) or 0
    async with service.db.connection() as conn:
        rows = await events_after(conn, caller.organisation_id, sequence=after, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=show, place=lambda row: row.sequence)


@get("/api/v1/events/{event_id:str}", opt=operation(scope="events:read"))
async def read_event(caller: Caller, service: Service, event_id: EventId) -> ShownEvent:
    """Reads an event."""
    async with service.db.connection() as conn:
        id = id_of(Prefix.EVENT, event_id)
        return show(await find_event(conn, id, organisation_id=caller.organisation_id))


@get("/api/v1/events/{event_id:str}/later", opt=operation(scope="events:read"))
async def list_later_events(
    request: Request[Any, Any, Any],
    caller: Caller,
    service: Service,
    event_id: EventId,
    limit: Limit = PAGE,
    cursor: Cursor = "",
) -> Response[Page[ShownEvent]]:
    """Lists the events after one, the earliest first: what a program has missed since then."""
    async with service.db.connection() as conn:
        id = id_of(Prefix.EVENT, event_id)
        seen = await find_event(conn, id, organisation_id=caller.organisation_id)
        after = read_cursor(cursor, int) or seen.sequence
        rows = await events_after(conn, caller.organisation_id, sequence=after, limit=limit + 1)
    return page_of(request, rows, limit=limit, show=show, place=lambda row: row.sequence)


ROUTES = [list_events, read_event, list_later_events]
