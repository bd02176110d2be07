"""Notes that a draft is used: without a proven contact it is kept for an hour after its last use."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from meterai.kernel.refusals import Refusal
from meterai.kit.recent_cache import RecentCache
from meterai.sales.queries.documents import documents_of_unproven_draft
from meterai.stamping.retention import UNPROVEN_LIFE
from meterai.stamping.use_cases.keep_unproven import keep_unproven
from meterai.waiting_room.rules.tickets import ticket_cookie
from meterai.web.requests.request_context import RequestContext, WebRequest

NOTED_EACH = timedelta(minutes=10)
"""How often the use of a draft is written down."""
_USES = RecentCache[UUID, datetime]()


async def note_use(context: RequestContext, request: WebRequest, order_id: UUID) -> None:
    """Keeps the documents of a draft whose visitor has proved no contact for another hour.

    A visitor with a ticket may come back when the line closes only. Each process writes this seldom.
    """
    now = context.service.clock()
    used = _USES.get(order_id)
    if used is not None and now - used < NOTED_EACH:
        return
    _USES.keep(order_id, now)
    documents = await documents_of_unproven_draft(context.service.db, order_id)
    until = max([now, *await _ends_of_lines(context, request)]) + UNPROVEN_LIFE
    await keep_unproven(context.service.db, documents, until=until)


async def note_new(context: RequestContext, request: WebRequest, order_id: UUID) -> None:
    """Does the same for an order that was just opened. Its documents are kept for an hour anyhow."""
    if any(name.startswith(ticket_cookie("")) for name in request.cookies):
        await note_use(context, request, order_id)
    else:
        _USES.keep(order_id, context.service.clock())


async def _ends_of_lines(context: RequestContext, request: WebRequest) -> list[datetime]:
    """When the lines close in which this visitor stands, by the tickets in the browser."""
    ends = []
    for sign in await context.queues.lines():
        text = request.cookies.get(ticket_cookie(sign.event), "")
        with suppress(Refusal):
            if text and context.queues.published(sign.event).read_ticket(text):
                ends.append(datetime.fromtimestamp(sign.schedule.closes_at, UTC))
    return ends
