"""Looks at the service at most once each two seconds, however many officers watch."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp, code_budgets, news_budgets
from meterai.kit.database import DATABASE_IS_DOWN, is_outage
from meterai.operations.samples import Point, points
from meterai.operations.signs.table import Lit, lit_signs
from meterai.operations.use_cases.look_now import Now, look_now

LOOK_S: Final = 2.0
HOURS: Final = (1, 6, 24)
"""How far back the charts reach."""
_POINTS: Final = 120
"""At most as many in a chart."""


class Seen(msgspec.Struct, frozen=True):
    """What was seen at one look. `now`: None when the database does not answer."""

    now: Now | None
    signs: list[Lit]


class Watch:
    """One in each console process."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._seen_at = float("-inf")
        self._looking: asyncio.Task[Seen] | None = None

    async def look(self) -> Seen:
        """What is so now, at most two seconds old."""
        if self._looking is None or (self._looking.done() and time.monotonic() - self._seen_at >= LOOK_S):
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def history(self, hours: int) -> list[Point]:
        """The samples of the last hours, put together for charts. Empty when the database does not answer."""
        length = timedelta(hours=hours)
        try:
            async with self._app.db.connection() as connection:
                return await points(connection, since=self._app.clock() - length, step=length / _POINTS)
        except DATABASE_IS_DOWN as error:
            if not is_outage(error):
                raise
            return []

    async def _look(self) -> Seen:
        try:
            app = self._app
            codes, news = code_budgets(app.settings), news_budgets(app.settings)
            now = await look_now(app.db, codes=codes, news=news, now=app.clock())
            return Seen(now, lit_signs(now))
        finally:
            self._seen_at = time.monotonic()
