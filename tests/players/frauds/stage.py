"""A queue of real processes with which an insider works: a gate, a controller, a database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from meterai.waiting_room.rules.model import Policy, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from tests.players.queue_twin import GateProcess
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.running_queue import RunningQueue, running_queue, schedule_now


class RunningStage:
    """See `tests.waiting_room.frauds.Stage`. `gate`: audits read from its address."""

    gate: GateProcess
    started_at: int

    def __init__(self, queue: RunningQueue) -> None:
        self._queue = queue
        self.database, self.folder = queue.database, queue.folder

    @property
    def now(self) -> float:
        """The machine's clock."""
        return time.time()

    async def open(self, *, open_s: int, policy: Policy) -> None:
        """Starts a controller and a gate."""
        schedule = schedule_now(open_s=open_s, window_s=10)
        await self._queue.open(schedule, policy, always=True)
        self.started_at = schedule.opens_at
        self._queue.controller()
        await self._queue.until(lambda status: status.state is QueueState.OPEN)
        self.gate = await asyncio.to_thread(self._queue.gate)

    async def seconds(self, number: int) -> None:
        """Waits."""
        await asyncio.sleep(number)

    async def join(self, contact: str) -> Ticket:
        """Takes a ticket at the gate."""
        return (await self._queue.join(self.gate, contact.removeprefix("email:")))[0]


@asynccontextmanager
async def running_stage(database: TestDatabase, root: Path) -> AsyncIterator[RunningStage]:
    """Ends all processes afterwards."""
    async with running_queue(database, root) as queue:
        yield RunningStage(queue)
