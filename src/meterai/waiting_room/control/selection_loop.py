"""The loop body for one event's queue: looks at folder and site, lets a step be decided, and publishes it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from meterai.kit.fail_points import FailPoint
from meterai.waiting_room.control.catching_up import CatchUp
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.site_load import read_measured
from meterai.waiting_room.control.status_writer import StatusWriter
from meterai.waiting_room.control.step_draft import NewPromises, StepContext, StepInput
from meterai.waiting_room.control.window_closing import ended_at, over_through
from meterai.waiting_room.files.promise_book import Promise, read_promises
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.ready_pings import ReadyPings
from meterai.waiting_room.files.window_files import Gathered, gates_closed_through, gather, joins_in
from meterai.waiting_room.rules.rate_model import DONE_AFTER_S, SiteMeasurements
from meterai.waiting_room.rules.seeds import log_ahead
from meterai.waiting_room.store import queues, window_rows
from meterai.waiting_room.store.promises import read_promise_figures
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.use_cases.decide_step import StepDecision, decide_step

GATHER_AT_ONCE = 100
"""Windows, after a pause."""
GATHER_WAIT_S = 0.3
"""A step waits this long for a large window. After that, steps go on while it is gathered."""
READY_EVERY_S = 3.0
READY_WINDOWS = 60


class SelectionController:
    """Controls one event's queue, for one holder of the lease. Raises `Superseded` when another has it."""

    def __init__(self, steering: StepContext, publisher: Publisher, fail_point: FailPoint) -> None:
        self._steering = steering
        self._publisher = publisher
        self._fail_point = fail_point
        self._catch_up = CatchUp(steering.db, publisher, fail_point)
        self._status_writer = StatusWriter(publisher)
        self._queue: Queue | None = None
        self._published_at: float | None = None
        self._called = 0
        self._gathering: asyncio.Task[list[Gathered]] | None = None
        self._since = self._ready_at = 0.0
        self._ready = ReadyPings(publisher.folder, publisher.seeds)
        self._ready_share: float | None = None
        self._calls = 0.0

    async def step(self, now: float) -> StepDecision:
        """Takes one step, about a second after the last one. `now`: Unix seconds."""
        queue = self._queue or await self._read()
        await self._build_chains(queue)
        gathered = await self._gather(queue, now)
        async with self._steering.db.connection() as connection:
            measured = self._heard(await read_measured(connection, queue.event), now)
            figures = await read_promise_figures(connection, queue.number)
        done_after_s = figures.done_after_s or DONE_AFTER_S
        seen = await self._look(
            queue, now, gathered, msgspec.structs.replace(measured, done_after_s=done_after_s)
        )
        decided = await decide_step(self._steering, seen)
        self._fail_point("queue_decided")
        self._queue, self._called, self._calls = decided.queue, decided.called, decided.step.calls
        await self._catch_up.publish(decided, now)
        news = await self._steering.read_news(queue.event)
        await self._status_writer.publish(decided, figures, measured, news=news, now=now)
        self._published_at = now
        await self._catch_up.forget(decided.queue, now)
        return decided

    async def close(self) -> None:
        """Ends the gathering of windows, and closes the files."""
        if self._gathering is not None:
            self._gathering.cancel()
        await asyncio.to_thread(self._publisher.close)

    async def _look(
        self, queue: Queue, now: float, gathered: Sequence[Gathered], measured: SiteMeasurements
    ) -> StepInput:
        number = over_through(queue.schedule, queue.state, now, gates_closed_through=queue.closed_through)
        open_windows = range(queue.closed_through + 1, max(number, queue.closed_through) + 4)
        folder = self._publisher.folder
        return StepInput(
            now=now,
            gathered=gathered,
            published_through=self._catch_up.closed,
            published_at=self._published_at,
            open_joins=await asyncio.to_thread(joins_in, folder, open_windows),
            gates_closed_through=gates_closed_through(folder),
            measured=measured,
            called=self._called,
            seeds=self._publisher.seeds,
            ready_share=await self._share_that_is_there(queue, now),
            promises=await asyncio.to_thread(_promised, folder, queue.memory.promises_read),
            rules=self._catch_up.config or await asyncio.to_thread(self._publisher.rules_there),
        )

    def _heard(self, measured: SiteMeasurements, now: float) -> SiteMeasurements:
        """The measurements. In the first seconds no site counts as silent: it may have started now."""
        self._since = self._since or now
        return msgspec.structs.replace(measured, heard_s=min(measured.heard_s, now - self._since))

    async def _share_that_is_there(self, queue: Queue, now: float) -> float | None:
        """The share of the people called next who have sent a ping; read every few seconds."""
        if now - self._ready_at < READY_EVERY_S:
            return self._ready_share
        self._ready_at, self._ready_share = now, None
        if queue.joined > queue.called and self._calls > 0:
            frontier = queue.frontier
            async with self._steering.db.connection() as connection:
                windows = await window_rows.people_by_window(
                    connection, queue.number, frontier.window, limit=READY_WINDOWS
                )
            share = self._ready.share
            self._ready_share = await asyncio.to_thread(share, frontier, windows, calls=self._calls, now=now)
        return self._ready_share

    async def _build_chains(self, queue: Queue) -> None:
        """Builds the seeds of coming windows in time. A further chain takes most of a second."""
        chain = self._steering.chain
        first = chain.number_of(queue.revealed_through + 1)
        last = chain.number_of(queue.closed_through + GATHER_AT_ONCE + log_ahead(chain.length))
        if not chain.is_built(first, last):
            await asyncio.to_thread(chain.build, first, last)

    async def _read(self) -> Queue:
        async with self._steering.db.connection() as connection:
            queue = await queues.read_queue(connection, self._steering.event)
        assert queue is not None
        # Before any decision: entries with numbers that the log already has would be dropped silently.
        is_older = self._publisher.log_size > queue.log_size
        assert not is_older, (
            "the store is older than the log's file: is the database's own disk mounted, is it the right "
            "server? If it was put back from a copy: meterai restore (docs/backup.md)"
        )
        return queue

    async def _gather(self, queue: Queue, now: float) -> Sequence[Gathered]:
        """Returns the windows that are over and completely gathered by now."""
        if self._gathering is None:
            closed = gates_closed_through(self._publisher.folder)
            last = over_through(queue.schedule, queue.state, now, gates_closed_through=closed)
            last = min(last, queue.closed_through + GATHER_AT_ONCE)
            if last <= queue.closed_through or not self._publisher.hears_gates:
                return ()
            windows = [
                (number, now - ended_at(queue.schedule, number, now))
                for number in range(queue.closed_through + 1, last + 1)
            ]
            work = asyncio.to_thread(_gather_all, self._publisher, windows, now)
            self._gathering = asyncio.create_task(work)
        await asyncio.wait([self._gathering], timeout=GATHER_WAIT_S)
        if not self._gathering.done():
            return ()
        task, self._gathering = self._gathering, None
        return task.result()


def _gather_all(publisher: Publisher, windows: Sequence[tuple[int, float]], now: float) -> list[Gathered]:
    """Gathers windows in order, up to the first for which a gate still has time to answer."""
    found = []
    for number, ended_s in windows:
        gathered = gather(publisher.folder, number, ended_s=ended_s, now=now)
        if gathered is None:
            break
        found.append(gathered)
    return found


def _promised(folder: QueueFolder, read_from: dict[str, int]) -> NewPromises | None:
    """The promises that gates gave since the last step; None: there are none."""
    given: list[Promise] = []
    read_to = dict(read_from)
    for number in folder.gates():
        name = str(number)
        found, end = read_promises(folder.gate(number), read_from.get(name, 0))
        if found:
            given += found
            read_to[name] = end
    return NewPromises(given, read_from, read_to) if given else None
