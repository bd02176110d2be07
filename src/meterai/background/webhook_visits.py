"""Delivers messages to webhooks. Each webhook gets its turn, however much waits for others.

Visits are counted in two lanes. Slow ones run for a while already, or go to a receiver that did not take the
last message. They leave the quick lane free, so a webhook that hangs holds up its own messages only.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kit.database import Database
from meterai.partners.webhooks.model import Visit, Visited
from meterai.partners.webhooks.ports import SendsMessages
from meterai.partners.webhooks.use_cases.begin_visits import Room, begin_visits
from meterai.partners.webhooks.use_cases.record_visits import record_visits
from meterai.partners.webhooks.visiting import make_visit

log = structlog.get_logger(__name__)

QUICK_MAX: Final = 256
SLOW_MAX: Final = 256
RUNNING_MAX: Final = 1_024
SLOW_AFTER_SECONDS: Final = 1.0
LEASE: Final = timedelta(seconds=60)
"""Longer than any visit: two rounds of requests that time out."""
_END_SECONDS: Final = 2.0


class _Running(msgspec.Struct, frozen=True):
    visit: Visit
    began: float

    def is_slow(self, now: float) -> bool:
        return self.visit.failures > 0 or now - self.began > SLOW_AFTER_SECONDS


class WebhookVisits:
    """The visits of one process."""

    def __init__(self, db: Database, sender: SendsMessages, clock: Clock) -> None:
        self._db = db
        self._sender = sender
        self._clock = clock
        self._running: dict[asyncio.Task[None], _Running] = {}
        self._ended: list[Visited] = []

    async def turn(self) -> int:
        """Records visits that are over and begins those that are due. Returns how many it knows of."""
        recorded = await self._record()
        now, room = self._clock(), self._room()
        for visit in await begin_visits(self._db, room, lease_until=now + LEASE, now=now):
            task = asyncio.create_task(self._visit(visit))
            self._running[task] = _Running(visit, time.monotonic())
            task.add_done_callback(self._running.pop)
        return recorded + len(self._running) + len(self._ended)

    async def close(self) -> None:
        """Ends visits: those that answer soon are recorded, the others are made again later."""
        if self._running:
            await asyncio.wait(self._running, timeout=_END_SECONDS)
        for task, running in list(self._running.items()):
            task.cancel()
            self._ended.append(Visited(visit=running.visit, tried=()))
        await self._record()

    async def _visit(self, visit: Visit) -> None:
        try:
            self._ended.append(await make_visit(visit, self._sender, self._clock))
        except Exception as error:  # a bug: the lease ends, and the visit is made again
            log.error("webhooks.fault", webhook_id=str(visit.webhook_id), exc_info=error)

    async def _record(self) -> int:
        ended = list(self._ended)
        if ended:
            await record_visits(self._db, ended, self._clock())
            del self._ended[: len(ended)]
        return len(ended)

    def _room(self) -> Room:
        now = time.monotonic()
        slow = sum(running.is_slow(now) for running in self._running.values())
        quick, left = len(self._running) - slow, RUNNING_MAX - len(self._running)
        return Room(
            steady=max(0, min(QUICK_MAX - quick, left)),
            doubtful=max(0, min(SLOW_MAX - slow, left - QUICK_MAX)),
        )
