"""The news of now, read at most once a second in each process, whatever many visitors ask."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog

from meterai.kernel.clock import Clock
from meterai.kit.database import Database, log_trouble
from meterai.news.model import News
from meterai.news.queries import current_news

log = structlog.get_logger(__name__)
LOOK_S = 1.0
SOON_S = 0.3
"""The longest wait of a page for the database. Then it shows what was known before."""


class NewsReader:
    """Knows the news. One in each process.

    While the database is away it keeps the last known news, without announcements that are over by now.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._known = News()
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def news(self) -> News:
        """The news, at most a second old. The same object as before unless something changed."""
        if time.monotonic() - self._looked_at >= LOOK_S:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
            with suppress(TimeoutError):
                async with asyncio.timeout(SOON_S):
                    await asyncio.shield(self._looking)
        return self._known

    async def _look(self) -> None:
        try:
            async with self._db.connection() as connection:
                found = await current_news(connection, now=self._clock())
        except Exception as error:  # whatever it is, pages go on
            log_trouble(log, error, outage="news_not_looked_up", fault="news_look_failed")
            found = self._known.at(self._clock())
        finally:
            self._looked_at = time.monotonic()
            self._looking = None
        if found != self._known:
            self._known = found
