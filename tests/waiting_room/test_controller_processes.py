"""Controllers as processes: one crashes, one is killed, one sleeps and wakes up too late."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from meterai.kit.stop_switches import SEALING_STOPPED, set_switch
from meterai.waiting_room.control.site_load import BacklogReport, report_backlog
from meterai.waiting_room.files.published_documents import Announcement, Status
from meterai.waiting_room.rules.model import Lane, Policy, QueueState
from meterai.waiting_room.rules.step_times import ELAPSED_S_MAX
from tests.storage_fixtures import TestDatabase, waiting_for_locks
from tests.waiting_room.running_queue import Controller, RunningQueue, running_queue, schedule_now

pytestmark = pytest.mark.storage
PEOPLE = 120


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
    assert await asyncio.to_thread(broken.process.wait, 90) == 137
    running.controller()
    await running.until(lambda status: tuple(status.frontiers[Lane.NEW]) > (ticket.window, 2**64 - 1))
    assert running.folder.window_reveal(ticket.window).exists()
    running.assert_orderly()


@pytest.mark.long
async def test_two_controllers_and_kill_9_never_move_the_frontier_back_or_faster(
    running: RunningQueue, capfd: pytest.CaptureFixture[str]
) -> None:
    schedule = schedule_now()
    await running.open(schedule, Policy(claim_minutes=1, rate_floor=120, rate_cap=120), always=True)
    await running.cap(0)
    controllers = [running.controller(), running.controller()]
    await running.until(lambda status: status.state is QueueState.OPEN)
    gate = running.gate()
    for number in range(PEOPLE):
        await running.join(gate, f"orang{number}@contoh.id")
    await _everybody_comes(running)
    await running.until(lambda status: status.admitted == PEOPLE)
    steps: list[_Step] = []
    watching = asyncio.create_task(_watch_steps(running, steps))
    await running.cap(None)
    await running.until(lambda status: status.called > 3)
    for _ in range(2):
        leading, epoch = await _leading(running, controllers)
        controllers.remove(leading)
        leading.end(signal.SIGKILL)
        controllers.append(running.controller())
        after = await running.until(lambda status, epoch=epoch: status.epoch > epoch)
        await running.until(lambda status, after=after: status.called > after.called)
    await running.until(lambda status: status.called >= 28)
    assert watching.cancel(), "it watches to the end"
    seconds = sum(
        min(ELAPSED_S_MAX * (after.sequence - before.sequence), after.moved_at - before.moved_at)
        for before, after in pairwise(steps)
    )
    # 120 a minute, and a little more for those who stay away; a doubled speed would be 4 a second
    assert steps[-1].called - steps[0].called <= seconds * 2 * 1.1 + 3
    assert steps[-1].called < PEOPLE
    await running.set_policy(schedule, Policy(claim_minutes=1, rate_floor=6_000, rate_cap=6_000))
    await running.until(lambda status: status.called == PEOPLE)
    running.assert_orderly()
    # nobody takes the lease from a controller that works: one is killed, or leaves because it came too late
    left = capfd.readouterr().out.count('"event":"queue_left"')
    assert 3 <= len({status.epoch for status in running.seen}) <= 3 + left


@pytest.mark.everyday("between steps")
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
    async with asyncio.timeout(60):
        while not await waiting_for_locks(running.database.owner):
            await asyncio.sleep(0.02)


@pytest.mark.long
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
        Announcement("Pemberian meterai sedang dihentikan sementara.", "Stamping is paused for now."),
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


async def _everybody_comes(running: RunningQueue) -> None:
    """Makes everybody come, before any call. More people would be called for those who seem to stay away."""
    await running.database.owner.executemany(
        """INSERT INTO waiting_room.pass
               (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
           VALUES ($1, $2, clock_timestamp(), 1, 1, 0, 1, $3)""",
        [(number.to_bytes(12, "big"), uuid4(), number) for number in range(PEOPLE)],
    )


class _Step(NamedTuple):
    """A step as the database has it."""

    sequence: int
    moved_at: float
    called: int


async def _watch_steps(running: RunningQueue, steps: list[_Step]) -> None:
    """Notes each step with its moment: a status has whole seconds only."""
    while True:
        async with running.database.app.connection() as connection:
            row = await connection.fetchrow("SELECT sequence, moved_at, called FROM waiting_room.queue")
        assert row is not None
        if not steps or row["sequence"] != steps[-1].sequence:
            steps.append(_Step(*row))
        await asyncio.sleep(0.1)


async def _leading(running: RunningQueue, controllers: list[Controller]) -> tuple[Controller, int]:
    """The controller that holds the lease, and its epoch."""
    async with asyncio.timeout(60):
        while True:
            lease = await running.database.owner.fetchrow(
                "SELECT holder, epoch FROM waiting_room.lease WHERE name = 'controller'"
            )
            assert lease is not None
            for one in controllers:
                if f":{one.process.pid}:" in lease["holder"]:
                    return one, lease["epoch"]
            await asyncio.sleep(0.05)
