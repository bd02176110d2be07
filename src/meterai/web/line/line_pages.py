"""Home and the pages of events as they read while people wait in line. Rendered when that changes."""

from __future__ import annotations

from meterai.web.line.line_news import news_of_lines
from meterai.web.pages.cached_pages import CachedPages, make_line_pages
from meterai.web.pages.templates import Pages
from meterai.web.requests.request_context import RequestContext


class LinePages:
    """The pages for the lines of now; none while nobody waits."""

    def __init__(self, context: RequestContext, pages: Pages) -> None:
        self._context = context
        self._pages = pages
        self._made_for: tuple[object, ...] = ()
        self._made: CachedPages = {}

    async def now(self) -> CachedPages:
        """The pages by language and address."""
        news = await news_of_lines(self._context)
        if not news:
            return {}
        now, events = self._context.service.clock(), self._pages.facts.events
        wanted = (news, self._pages.news, self._pages.facts, *(event.is_open(now) for event in events))
        if self._made_for != wanted:
            self._made = make_line_pages(self._pages, events, now, news)
            self._made_for = wanted
        return self._made
