"""Visits to servers of partners. Each gets its turn, however much waits for others.

Visits are counted in two lanes. Slow ones run for a while already, or go to a receiver that did not take the
last message. They leave the quick lane free, so a receiver that hangs holds up its own messages only.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.partners.webhooks.use_cases.begin_visits import Room

log = structlog.get_logger(__name__)

SLOW_AFTER_SECONDS: Final = 1.0
_END_SECONDS: Final = 2.0


class Leased(Protocol):
    """What a worker has leased for a visit."""

    @property
    def failures(self) -> int:
        """Requests in a row that its receiver did not take."""
        ...


class Lanes(msgspec.Struct, frozen=True, kw_only=True):
    """How many visits may run at once."""

    quick: int
    slow: int
    all: int


class _Running[V: Leased](msgspec.Struct, frozen=True):
    visit: V
    began: float

    def is_slow(self, now: float) -> bool:
        return self.visit.failures > 0 or now - self.began > SLOW_AFTER_SECONDS


class Visits[V: Leased, E](ABC):
    """The visits of one process. `V`: a visit; `E`: what came of one."""

    def __init__(self, clock: Clock, lanes: Lanes) -> None:
        self._clock = clock
        self._lanes = lanes
        self._running: dict[asyncio.Task[None], _Running[V]] = {}
        self._ended: list[E] = []

    @abstractmethod
    async def begin(self, room: Room, now: datetime) -> Sequence[V]:
        """Leases what is due."""

    @abstractmethod
    async def make(self, visit: V) -> E:
        """Makes a visit."""

    @abstractmethod
    def broken_off(self, visit: V) -> E:
        """What came of a visit that was broken off: it is made again later."""

    @abstractmethod
    async def record(self, ended: Sequence[E], now: datetime) -> None:
        """Records visits that are over."""

    @abstractmethod
    def log_fault(self, visit: V, error: Exception) -> None:
        """Logs a bug. The lease ends, and the visit is made again."""

    async def turn(self) -> int:
        """Records visits that are over and begins those that are due. Returns how many it knows of."""
        recorded = await self._record()
        for visit in await self.begin(self._room(), self._clock()):
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
            self._ended.append(self.broken_off(running.visit))
        await self._record()

    async def _visit(self, visit: V) -> None:
        try:
            self._ended.append(await self.make(visit))
        except Exception as error:
            self.log_fault(visit, error)

    async def _record(self) -> int:
        ended = list(self._ended)
        if ended:
            await self.record(ended, self._clock())
            del self._ended[: len(ended)]
        return len(ended)

    def _room(self) -> Room:
        now, lanes = time.monotonic(), self._lanes
        slow = sum(running.is_slow(now) for running in self._running.values())
        quick, left = len(self._running) - slow, lanes.all - len(self._running)
        return Room(
            steady=max(0, min(lanes.quick - quick, left)),
            doubtful=max(0, min(lanes.slow - slow, left - lanes.quick)),
        )
