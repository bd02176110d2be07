"""The news of now, read at most once a second in each process, whatever many visitors ask."""

from __future__ import annotations

from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.kit.latest import Latest
from meterai.news.model import News
from meterai.news.queries import current_news

LOOK_S = 1.0


class NewsReader(Latest[News]):
    """Knows the news. One in each process.

    While the database is away it keeps the last known news, without announcements that are over by now.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        super().__init__(News())
        self._db, self._clock = db, clock

    async def read(self) -> News:
        """Reads the news of now."""
        async with self._db.connection() as connection:
            return await current_news(connection, now=self._clock())

    def look_s(self) -> float:
        """How many seconds old the news may be."""
        return LOOK_S

    def aged(self, known: News) -> News:
        """The last known news, without announcements that are over."""
        return known.at(self._clock())
