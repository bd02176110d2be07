"""One event's queue in the hands of the one controller that holds the lease: look, decide, publish."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence

import msgspec
import structlog

from meterai.kit.fail_points import FailPoint
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue import announcements
from meterai.waiting_room.control.publisher import Publisher
from meterai.waiting_room.control.site_load import read_measured
from meterai.waiting_room.control.step_draft import NewPromises, StepContext, StepInput
from meterai.waiting_room.control.window_closing import ended_at, over_through
from meterai.waiting_room.files.promise_book import Promise, read_promises
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.ready_pings import ReadyPings
from meterai.waiting_room.files.window_files import Gathered, gates_closed_through, gather, joins_in
from meterai.waiting_room.rules.forecast import fan_of, horizons_to
from meterai.waiting_room.rules.model import POLL, QueueState
from meterai.waiting_room.rules.rate_control import calls_factor, cap_of, expected_calls
from meterai.waiting_room.rules.rate_model import DONE_AFTER_S, SiteMeasurements
from meterai.waiting_room.rules.seeds import log_ahead
from meterai.waiting_room.store import log_rows, queues, window_rows
from meterai.waiting_room.store.promises import PromiseFigures, read_promise_figures
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.store.window_rows import ClosedWindow
from meterai.waiting_room.use_cases.decide_step import StepDecision, decide_step

log = structlog.get_logger(__name__)

GATHER_AT_ONCE = 100
"""Windows, after a pause."""
GATHER_WAIT_S = 0.3
"""A large window is gathered beside the steps, which go on meanwhile."""
FAN_EVERY_S = 5.0
READY_EVERY_S = 3.0
READY_WINDOWS = 60
FORGET_EVERY_S = 60.0
LOG_KEPT_S = 2 * 86_400
"""How long rows are kept of what is in the files. Files from a copy that is not older are completed from
them (docs/backup.md)."""
FORGOTTEN_AT_ONCE = 20_000
"""Entries: after a pause there are many that have become too old."""
WINDOWS_AT_ONCE = 1_000
"""A controller that takes over looks at all windows that have rows."""
LINE_COUNTS_S = 2 * 86_400


def _announcement(sentence: str) -> Announcement:
    return Announcement(translate(sentence, "id"), translate(sentence, "en"))


STAMPING_STOPPED, STALLED, LAST_STAMPS = (
    _announcement(sentence)
    for sentence in (announcements.STAMPING_STOPPED, announcements.STALLED, announcements.LAST_STAMPS)
)
"""They stand on pages that are open within one poll, unless the operator has words of his own there."""


class SelectionController:
    """One event, for one holder of the lease. Raises `Superseded` when another has it."""

    def __init__(self, steering: StepContext, publisher: Publisher, fail_point: FailPoint) -> None:
        self._steering = steering
        self._publisher = publisher
        self._fail_point = fail_point
        self._queue: Queue | None = None
        self._closed = self._revealed = -1  # published so far, as far as this holder knows
        self._published_at: float | None = None
        self._config = b""
        self._called = 0
        self._gathering: asyncio.Task[list[Gathered]] | None = None
        self._fan: list[tuple[int, int, int]] = []
        self._fan_at = self._forgot_at = self._since = self._ready_at = 0.0
        self._ready = ReadyPings(publisher.folder, publisher.seeds)
        self._ready_share: float | None = None
        self._calls = 0.0

    async def step(self, now: float) -> StepDecision:
        """One step, about a second after the last one. `now`: Unix seconds."""
        queue = self._queue or await self._read()
        await self._build_chains(queue)
        gathered = await self._gather(queue, now)
        number = over_through(queue.schedule, queue.state, now, gates_closed_through=queue.closed_through)
        folder = self._publisher.folder
        open_windows = range(queue.closed_through + 1, max(number, queue.closed_through) + 4)
        async with self._steering.db.connection() as connection:
            measured = self._heard(await read_measured(connection, queue.event), now)
            told = await read_promise_figures(connection, queue.number)
        done_after_s = told.done_after_s or DONE_AFTER_S
        seen = StepInput(
            now=now,
            gathered=gathered,
            published_through=self._closed,
            published_at=self._published_at,
            open_joins=await asyncio.to_thread(joins_in, folder, open_windows),
            gates_closed_through=gates_closed_through(folder),
            measured=msgspec.structs.replace(measured, done_after_s=done_after_s),
            called=self._called,
            seeds=self._publisher.seeds,
            ready_share=await self._share_that_is_there(queue, now),
            promises=await asyncio.to_thread(_promised, folder, queue.memory.promises_read),
            rules=self._config or await asyncio.to_thread(self._publisher.rules_there),
        )
        decided = await decide_step(self._steering, seen)
        self._fail_point("queue_decided")
        self._queue, self._called, self._calls = decided.queue, decided.called, decided.step.calls
        await self._publish(decided, told, now, measured)
        self._published_at = now
        await self._forget(now)
        return decided

    async def close(self) -> None:
        """Ends what runs beside, and closes the files."""
        if self._gathering is not None:
            self._gathering.cancel()
        await asyncio.to_thread(self._publisher.close)

    def _heard(self, measured: SiteMeasurements, now: float) -> SiteMeasurements:
        """The measurements, without calling a site silent in the first seconds: both may have started now."""
        self._since = self._since or now
        return msgspec.structs.replace(measured, heard_s=min(measured.heard_s, now - self._since))

    async def _share_that_is_there(self, queue: Queue, now: float) -> float | None:
        """The share of the people called next who said that they are there; read every few seconds."""
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
        """Seeds for the windows to come, made in time: that of a further chain takes most of a second."""
        chain = self._steering.chain
        first = chain.number_of(queue.revealed_through + 1)
        last = chain.number_of(queue.closed_through + GATHER_AT_ONCE + log_ahead(chain.length))
        if not chain.is_built(first, last):
            await asyncio.to_thread(chain.build, first, last)

    async def _read(self) -> Queue:
        async with self._steering.db.connection() as connection:
            queue = await queues.read_queue(connection, self._steering.event)
        assert queue is not None
        # Before anything is decided: entries with numbers that the log has would be dropped unseen.
        is_older = self._publisher.log_size > queue.log_size
        assert not is_older, (
            "the store is older than the log's file: is the database's own disk mounted, is it the right "
            "server? If it was put back from a copy: meterai restore (docs/backup.md)"
        )
        return queue

    # --------------------------------------------------------------- windows

    async def _gather(self, queue: Queue, now: float) -> Sequence[Gathered]:
        """Windows that are over and put together by now."""
        if self._gathering is None:
            closed = gates_closed_through(self._publisher.folder)
            last = over_through(queue.schedule, queue.state, now, gates_closed_through=closed)
            last = min(last, queue.closed_through + GATHER_AT_ONCE)
            if last <= queue.closed_through:
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

    # ------------------------------------------------------------ publishing

    async def _publish(
        self, decided: StepDecision, told: PromiseFigures, now: float, measured: SiteMeasurements
    ) -> None:
        """Brings the files to what the rows say: rules, ends of windows, the log, seeds, the status."""
        queue, publisher = decided.queue, self._publisher
        if decided.config != self._config:
            async with self._steering.db.connection() as connection:
                kept = await log_rows.kept_configs(connection, queue.number)
            await asyncio.to_thread(publisher.publish_configs, kept)
            await asyncio.to_thread(publisher.publish_config, decided.config, queue.config_version)
            self._config = decided.config
        while self._closed < queue.closed_through:
            rows = await self._windows(self._closed + 1)
            await asyncio.to_thread(_publish_closes, publisher, rows, decided.ids)
            self._closed = rows[-1].number if rows else queue.closed_through
            self._fail_point("queue_closed")
        if publisher.is_unsigned:
            await asyncio.to_thread(publisher.append, (), int(now))
        while publisher.log_size < queue.log_size:
            async with self._steering.db.connection() as connection:
                first = publisher.log_size
                entries = await log_rows.entries_from(connection, queue.number, first, limit=2_000)
            await asyncio.to_thread(publisher.append, entries, int(now))
            assert publisher.log_size > first, "the log's file has lost what the store has forgotten"
            self._fail_point("queue_logged")
        while self._revealed < queue.revealed_through:
            rows = [row for row in await self._windows(self._revealed + 1) if row.reveal is not None]
            await asyncio.to_thread(_publish_reveals, publisher, rows)
            self._revealed = rows[-1].number if rows else queue.revealed_through
        status = await self._status(decided, told, now, measured)
        await asyncio.to_thread(publisher.publish_status, status)

    async def _windows(self, first: int) -> list[ClosedWindow]:
        async with self._steering.db.connection() as connection:
            queue = self._queue
            assert queue is not None
            return await window_rows.closed_windows(
                connection, queue.number, first=first, limit=WINDOWS_AT_ONCE
            )

    async def _status(
        self, decided: StepDecision, told: PromiseFigures, now: float, measured: SiteMeasurements
    ) -> Status:
        queue, step = decided.queue, decided.step
        late, frontier = queue.late, queue.frontier
        return Status(
            event=queue.event,
            epoch=queue.epoch,
            sequence=queue.sequence,
            at=int(now),
            state=queue.state,
            frontiers=[(frontier.window, frontier.x), (late.window, late.x)],
            rate=round(step.rate),
            fan=await self._fan_now(decided, now),
            closes_at=queue.schedule.closes_at,
            last_call_at=queue.schedule.last_call_at,
            poll=POLL,
            waiting=decided.waiting,
            admitted=queue.admitted,
            called=queue.called,
            done_after_s=told.done_after_s or DONE_AFTER_S,
            kept=(told.kept, told.given),
            log=self._publisher.log_head(),
            note=_note(decided, measured),
            stopped=msgspec.UNSET if measured.is_stamping else True,
            stalled=msgspec.UNSET if measured.can_buy else True,
        )

    async def _fan_now(self, decided: StepDecision, now: float) -> list[tuple[int, int, int]]:
        """The forecast of the evening, made again every few seconds while somebody waits."""
        if decided.waiting <= 0 or decided.queue.state.stands_still:
            self._fan, self._fan_at = [], 0.0
        elif now - self._fan_at >= FAN_EVERY_S:
            self._fan = await asyncio.to_thread(_fan_of, decided, now)
            self._fan_at = now
        return self._fan

    async def _forget(self, now: float) -> None:
        """Deletes rows that have been safe in the files for long and that nobody needs any more."""
        queue = self._queue
        self._forgot_at = self._forgot_at or now
        if queue is None or now - self._forgot_at < FORGET_EVERY_S:
            return
        self._forgot_at = now
        async with self._steering.db.connection() as connection:
            await log_rows.forget_log(
                connection,
                queue.number,
                before=self._publisher.log_size,
                since=now - LOG_KEPT_S,
                windows_before=min(queue.frontier.window, queue.revealed_through + 1),
                limit=FORGOTTEN_AT_ONCE,
            )


def _note(decided: StepDecision, measured: SiteMeasurements) -> Announcement:
    queue = decided.queue
    if queue.note != Announcement():
        return queue.note
    if not measured.is_stamping:
        return STAMPING_STOPPED
    if not measured.can_buy:
        return STALLED
    calls = queue.state in (QueueState.OPEN, QueueState.LAST_CALL)
    return LAST_STAMPS if calls and decided.waiting > 0 and decided.step.enough_for < 1 else queue.note


def _gather_all(publisher: Publisher, windows: Sequence[tuple[int, float]], now: float) -> list[Gathered]:
    """In order, up to the first for which a gate has time to answer yet."""
    found = []
    for number, ended_s in windows:
        gathered = gather(publisher.folder, number, ended_s=ended_s, now=now)
        if gathered is None:
            break
        found.append(gathered)
    return found


def _promised(folder: QueueFolder, read_from: dict[str, int]) -> NewPromises | None:
    """What gates have promised since; None: nothing new."""
    given: list[Promise] = []
    read_to = dict(read_from)
    for number in folder.gates():
        name = str(number)
        found, end = read_promises(folder.gate(number), read_from.get(name, 0))
        if found:
            given += found
            read_to[name] = end
    return NewPromises(given, read_from, read_to) if given else None


def _publish_closes(publisher: Publisher, rows: Sequence[ClosedWindow], ids: dict[int, bytes]) -> None:
    for row in rows:
        publisher.publish_close(row, ids.get(row.number))


def _publish_reveals(publisher: Publisher, rows: Sequence[ClosedWindow]) -> None:
    for row in rows:
        publisher.publish_reveal(row)


def _fan_of(decided: StepDecision, now: float) -> list[tuple[int, int, int]]:
    queue, step = decided.queue, decided.step
    opens_in_s = max(0.0, queue.schedule.opens_at - now)
    closes_at = float(queue.schedule.closes_at)
    if queue.policy.line_counts:
        closes_at = max(closes_at, now + LINE_COUNTS_S)
    calls = expected_calls(step, step.memory.past, queue.policy)
    horizons = horizons_to(now, closes_at, waiting=decided.waiting, calls=calls, opens_in_s=opens_in_s)
    return fan_of(
        step.memory.past,
        calls,
        calls_max=max(1.0, cap_of(queue.policy, queue.wishes) * calls_factor(step.memory)),
        horizons=horizons,
        now=now,
        seed=zlib.crc32(queue.event.encode()),
        opens_in_s=opens_in_s,
        sure_max=step.enough_for,
    )
