"""What a worker does first: the work that an outage left behind, class by class, before it takes new work.

The order is fixed: stamps that were in flight, payments that the gateway reported, open payments. Loops with
new work begin when all three are over, or after `HELD_SECONDS_MAX`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import datetime
from typing import Final

import structlog

from meterai.background.topics import BATCH, STAMPING_TOPICS, stamp
from meterai.bootstrap import WorkerApp
from meterai.kit import outbox
from meterai.kit.database import log_trouble
from meterai.sales.crediting import STAMP_TOPIC
from meterai.sales.use_cases.poll_payments import poll_due_payments, poll_open_payments_soon
from meterai.sales.use_cases.settle_asked import SETTLE_TOPIC, settle_asked
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.use_cases.run_cycle import jobs_are_left, run_due_jobs

log = structlog.get_logger(__name__)

HELD_SECONDS_MAX: Final = 40.0
"""How long new work waits at most, however much was left behind."""
_CLASS_SECONDS_MAX: Final = 15.0
"""How long a class is waited for that does not get on: its gateway or its signer is away."""
_PATIENCE_SECONDS: Final = 2.0
"""A job that is put off for longer is left to the ordinary loops."""
_LOOK_SECONDS: Final = 0.1
_AGAIN_SECONDS: Final = 1.0
_LANES: Final = 2
_POLLED_AT_ONCE: Final = 50
_ENDS: Final = tuple(topic for topic in STAMPING_TOPICS if topic != STAMP_TOPIC)


class Recovery:
    """The start of one worker. Several workers may recover side by side: they share the work."""

    def __init__(self, app: WorkerApp, tools: Tools, worker: str, stop: asyncio.Event) -> None:
        self._app = app
        self._tools = tools
        self._worker = worker
        self._stop = stop
        self._started = app.clock()
        self._deadline = self._class_deadline = time.monotonic() + HELD_SECONDS_MAX

    async def run(self) -> None:
        """Takes up what was left behind. Returns also when time is up, or the worker is to stop."""
        while not self._is_over():
            try:
                await self._take_up()
                return
            except Exception as error:
                log_trouble(log, error, outage="worker.unavailable", fault="worker.fault", loop="recovery")
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _take_up(self) -> None:
        await outbox.make_due(self._app.db, (*STAMPING_TOPICS, SETTLE_TOPIC), self._started)
        await self._class("in_flight", self._stamp(self._started))
        await self._class("paid", self._settle())
        await self._class("open", self._poll())

    async def _class(self, name: str, work: Awaitable[int]) -> None:
        began = time.monotonic()
        self._class_deadline = min(self._deadline, began + _CLASS_SECONDS_MAX)
        done = await work
        log.info("worker.recovered", left=name, done=done, seconds=round(time.monotonic() - began, 1))

    async def _stamp(self, before: datetime) -> int:
        """Brings stamps to their end that were asked for by `before`. Returns how many turns' work it was."""
        return sum(await asyncio.gather(*(self._lane(before) for _ in range(_LANES))))

    async def _lane(self, before: datetime) -> int:
        app, tools, worker, done = self._app, self._tools, self._worker, 0
        while not self._is_over():
            turn = await run_due_jobs(tools, worker=worker, limit=BATCH, before=before)
            turn += await stamp(app, tools, worker, topics=(STAMP_TOPIC,), before=before)
            await stamp(app, tools, worker, topics=_ENDS)
            done += turn
            if not turn and not await self._may_stamp_soon(before):
                break
            await self._get_on(turn)
        return done

    async def _may_stamp_soon(self, before: datetime) -> bool:
        return await jobs_are_left(
            self._tools, before=before, within_s=_PATIENCE_SECONDS
        ) or await outbox.are_left(self._app.db, (STAMP_TOPIC,), before)

    async def _settle(self) -> int:
        """Books payments that the gateway reported, and stamps what they paid for."""
        app, done = self._app, 0
        while not self._is_over():
            turn = await settle_asked(
                app.db, app.gateways, clock=app.clock, before=self._started, is_patient=True
            )
            done += turn
            if not turn and not await outbox.are_left(app.db, (SETTLE_TOPIC,), self._started):
                break
            await self._get_on(turn)
        await self._stamp(app.clock())
        return done

    async def _poll(self) -> int:
        """Asks for open payments, whose notices may have been lost, and stamps what they paid for."""
        app, done = self._app, 0
        await poll_open_payments_soon(app.db, before=self._started)
        while not self._is_over():
            turn = await poll_due_payments(app.db, app.gateways, clock=app.clock, limit=_POLLED_AT_ONCE)
            done += turn
            if not turn:
                break
        await self._stamp(app.clock())
        return done

    async def _get_on(self, turn: int) -> None:
        """Gives a class that gets on its whole time again; pauses when nothing was due."""
        if turn:
            self._class_deadline = min(self._deadline, time.monotonic() + _CLASS_SECONDS_MAX)
        else:
            await asyncio.sleep(_LOOK_SECONDS)

    def _is_over(self) -> bool:
        return self._stop.is_set() or time.monotonic() > self._class_deadline
