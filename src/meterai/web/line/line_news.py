"""What pages of the site say while people wait in line: the events, and the operators' announcements."""

from __future__ import annotations

from dataclasses import dataclass

from meterai.kit.database import DATABASE_IS_DOWN
from meterai.sales.events import Event
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.queries import QueueSign
from meterai.web.requests.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class LineNews:
    """An event in whose line people wait, and the words of its operator in two languages; empty: none."""

    event: Event
    note: Announcement


async def news_of_lines(context: RequestContext) -> tuple[LineNews, ...]:
    """All lines in which people wait now. Empty also while the database is away and nothing is known."""
    try:
        lines = await context.queues.lines_soon()
    except DATABASE_IS_DOWN:
        return ()
    return tuple(_news_of(sign, context) for sign in lines if sign.event in context.known_events)


async def news_of_line(context: RequestContext, event: str) -> tuple[LineNews, ...]:
    """The news of the line of one event; empty while nobody waits in it."""
    return tuple(news for news in await news_of_lines(context) if news.event.slug == event)


def _news_of(sign: QueueSign, context: RequestContext) -> LineNews:
    event = context.known_events[sign.event]
    return LineNews(event, sign.words(context.service.clock().timestamp()))
