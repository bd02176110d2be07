"""Controllers as processes: one crashes, one is killed, one sleeps and wakes up too late."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from meterai.kit.stop_switches import SEALING_STOPPED, set_switch
from meterai.waiting_room.control.site_load import BacklogReport, report_backlog
from meterai.waiting_room.control.step_draft import ELAPSED_S_MAX
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.rules.model import Lane, Policy, QueueState
from tests.storage_fixtures import TestDatabase, waiting_for_locks
from tests.waiting_room.running_queue import Controller, RunningQueue, running_queue, schedule_now

pytestmark = pytest.mark.storage
PEOPLE = 40


@pytest_asyncio.fixture
async def running(database: TestDatabase, tmp_path: Path) -> AsyncIterator[RunningQueue]:
    async with running_queue(database, tmp_path) as made:
        yield made


async def test_what_a_process_left_half_done_the_next_one_publishes(running: RunningQueue) -> None:
    await running.open(schedule_now(), always=True)
    first = running.controller()
    await running.until(lambda status: status.state is QueueState.OPEN)
    gate = running.gate()
    first.end()
    ticket, _ = await running.join(gate, "ani@contoh.id")
    broken = running.controller(fail_point="queue_closed")
    assert await asyncio.to_thread(broken.process.wait, 20) == 137
    running.controller()
    await running.until(lambda status: tuple(status.frontiers[Lane.NEW]) > (ticket.window, 2**64 - 1))
    assert running.folder.window_reveal(ticket.window).exists()
    running.assert_orderly()


async def test_two_controllers_and_kill_9_never_move_the_frontier_back_or_faster(
    running: RunningQueue,
) -> None:
    await running.open(schedule_now(), Policy(claim_minutes=1, rate_floor=120, rate_cap=120), always=True)
    await running.cap(0)
    controllers = [running.controller(), running.controller()]
    await running.until(lambda status: status.state is QueueState.OPEN)
    gate = running.gate()
    for number in range(PEOPLE):
        await running.join(gate, f"orang{number}@contoh.id")
    coming = asyncio.create_task(_come_when_called(running))
    await running.cap(None)
    await running.until(lambda status: status.called > 3)
    first = len(running.seen) - 1
    for _ in range(2):
        leading = await _leading(running, controllers)
        controllers.remove(leading)
        leading.end(signal.SIGKILL)
        controllers.append(running.controller())
        before = running.seen[-1]
        await running.until(lambda status, before=before: status.epoch > before.epoch)
        await running.until(lambda status, before=before: status.called > before.called)
    await running.until(lambda status: status.called >= running.seen[first].called + 24)
    seen = running.seen[first:]
    seconds = sum(min(ELAPSED_S_MAX, after.at - before.at) for before, after in pairwise(seen))
    # 120 a minute, and some more because few are seen to come at first; a doubled speed would be 4 a second
    assert seen[-1].called - seen[0].called <= seconds * 2 * 1.1 + 3
    assert seen[-1].called < PEOPLE
    await running.until(lambda status: status.called == PEOPLE)
    coming.cancel()
    running.assert_orderly()
    assert len({status.epoch for status in running.seen}) == 3


@pytest.mark.parametrize("is_in_a_step", [False, True], ids=["between steps", "in the middle of a step"])
async def test_a_controller_that_wakes_up_too_late_changes_nothing(
    running: RunningQueue, *, is_in_a_step: bool
) -> None:
    """Nobody waits for it either. In the middle of a step its transaction locks the lease's row and the
    queue's."""
    await running.open(schedule_now(), always=True)
    await running.cap(0)
    sleeper = running.controller()
    await running.until(lambda status: status.state is QueueState.OPEN)
    gate = running.gate()
    for number in range(40):
        await running.join(gate, f"orang{number}@contoh.id")
    await running.cap(60)
    await running.until(lambda status: status.called > 0)
    if is_in_a_step:
        async with running.database.app.transaction() as tx:
            await tx.fetchval("SELECT 1 FROM waiting_room.queue FOR UPDATE")
            await _until_one_waits(running)
            sleeper.end(signal.SIGSTOP)
    else:
        sleeper.end(signal.SIGSTOP)
    running.controller()
    second = await running.until(lambda status: status.epoch > 1)
    sleeper.process.send_signal(signal.SIGCONT)
    await running.until(lambda status: status.sequence > second.sequence + 3)
    assert {status.epoch for status in running.seen[running.seen.index(second) :]} == {second.epoch}
    running.assert_orderly()


async def _until_one_waits(running: RunningQueue) -> None:
    """Waits until a controller waits for a lock that another one holds."""
    async with asyncio.timeout(10):
        while not await waiting_for_locks(running.database.owner):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("trouble", ["stopped", "stalled"])
async def test_while_signing_is_stopped_or_nobody_can_buy_the_status_says_so_unless_the_operator_does(
    running: RunningQueue, trouble: str
) -> None:
    make, has_ended, said = _TROUBLES[trouble]
    await running.open(schedule_now(), always=True)
    running.controller()
    await running.until(lambda status: has_ended(status) and not status.note.en)
    await make(running, True)
    assert (await running.until(lambda status: not has_ended(status))).note == said
    words = Announcement("Kami periksa.", "We look at it.")
    await running.wish("note", msgspec.to_builtins(words))
    assert not has_ended(await running.until(lambda status: status.note == words))
    await running.wish("note", msgspec.to_builtins(Announcement()))
    await make(running, False)
    await running.until(lambda status: has_ended(status) and not status.note.en)


async def _throw(running: RunningQueue, thrown: bool) -> None:
    async with running.database.app.transaction() as tx:
        await set_switch(tx, SEALING_STOPPED, thrown=thrown, reason="uji", now=datetime.now(UTC))


async def _stall(running: RunningQueue, stalled: bool) -> None:
    await report_backlog(running.database.app, BacklogReport(backlog_s=0, stock=1_000, can_buy=not stalled))


_TROUBLES: dict[str, tuple[Callable[..., Awaitable[None]], Callable[[Status], bool], Announcement]] = {
    "stopped": (
        _throw,
        lambda status: status.is_stamping,
        Announcement("Pembubuhan sedang dihentikan sementara.", "Stamping is paused for now."),
    ),
    "stalled": (
        _stall,
        lambda status: status.can_buy,
        Announcement(
            "Pembayaran atau pengiriman kode sedang terganggu.",
            "Payments, or the sending of codes, are disturbed.",
        ),
    ),
}


async def _come_when_called(running: RunningQueue) -> None:
    """Makes everybody come. Otherwise more people would be called for each one who comes."""
    came = 0
    while True:
        status = running.status()
        called = max(came, status.called if status else 0)
        async with running.database.app.transaction() as tx:
            await tx.executemany(
                """INSERT INTO waiting_room.pass
                       (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
                   VALUES ($1, $2, clock_timestamp(), 1, 1, 0, 1, $3)""",
                [(number.to_bytes(12, "big"), uuid4(), number) for number in range(came, called)],
            )
        came = called
        await asyncio.sleep(0.3)


async def _leading(running: RunningQueue, controllers: list[Controller]) -> Controller:
    """The controller that holds the lease, according to its sign of life."""
    for _ in range(200):
        signs = [path.read_bytes() for path in (running.data / "run").glob("queue-*.json")]
        for one in controllers:
            if any(b'"pid":%d,"leads":true' % one.process.pid in sign for sign in signs):
                return one
        await asyncio.sleep(0.1)
    raise AssertionError("nobody leads")
