"""Lets one purchase after the other be played, and remembers the last one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

from meterai.kernel.clock import Clock
from meterai.status_page.core_answer import CoreAnswer
from meterai.status_page.probe.browser import Browser
from meterai.status_page.probe.journey import Journey
from meterai.status_page.probe.run import Reach, Run
from meterai.texts.status_page import Component, Health

log = structlog.get_logger(__name__)
LEAST_EVERY_S: Final = 60.0
"""The site takes no more of its orders."""
_PATIENCE_S: Final = 20.0
"""A look waits for a purchase that long, then tells of the one before it."""
_COUNTS_FOR: Final = 3
"""Intervals. What an older purchase saw is unknown now."""


class Probe:
    """The purchases of one status page: never two at once. `clock` returns monotonic seconds."""

    def __init__(
        self,
        play: Callable[[], Awaitable[Run]],
        *,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._play, self._clock, self._patience_s = play, clock, patience_s
        self._every_s = max(LEAST_EVERY_S, every_s)
        self._playing: asyncio.Task[None] | None = None
        self._began = self._ended = float("-inf")
        self.last: Run | None = None

    async def probe(self, core: CoreAnswer | None) -> Mapping[Component, Health]:
        """How the components were that the last purchase went through.

        Begins one when it is due: at each look after a failure, so that a service that is back is seen.
        """
        if self._is_due():
            self._began = self._clock()
            self._playing = asyncio.create_task(self._run())
        if self._playing is not None and not self._playing.done():
            await asyncio.wait({self._playing}, timeout=self._patience_s)
        is_old = self._clock() - self._ended > _COUNTS_FOR * self._every_s
        return {} if self.last is None or is_old else self.last.healths()

    async def close(self) -> None:
        """Ends the purchase that is going on. The next process cancels its order."""
        if self._playing is not None:
            self._playing.cancel()
            with suppress(asyncio.CancelledError):
                await self._playing

    def _is_due(self) -> bool:
        if self._playing is not None and not self._playing.done():
            return False
        has_failed = self.last is not None and self.last.failure is not None
        return has_failed or self._clock() - self._began >= self._every_s

    async def _run(self) -> None:
        try:
            self.last = await self._play()
            self._ended = self._clock()
        except Exception as error:  # nothing that the probe does ends the status page
            log.error("probe_broken", error=type(error).__name__)


async def play_once(site: str, secret: str, *, reach: Reach, clock: Clock) -> Run:
    """One purchase at the site of this address, in a browser of its own."""
    browser = Browser(site)
    try:
        return await Journey(browser, secret, reach=reach, now=clock()).play()
    finally:
        await browser.close()
