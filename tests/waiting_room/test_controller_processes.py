"""Controllers as processes: one crashes, one is killed, one sleeps and wakes up too late."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.queue_house import Controller, QueueHouse, queue_house, schedule_now

from meterai.waiting_room.model import Lane, Policy, QueueState

pytestmark = pytest.mark.storage


@pytest_asyncio.fixture
async def house(database: TestDatabase, tmp_path: Path) -> AsyncIterator[QueueHouse]:
    async with queue_house(database, tmp_path) as made:
        yield made


async def test_what_a_process_left_half_done_the_next_one_publishes(house: QueueHouse) -> None:
    await house.open(schedule_now(), always=True)
    first = house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    first.end()
    ticket, _ = await house.join(gate, "ani@contoh.id")
    broken = house.controller(fail_point="queue_closed")
    assert await asyncio.to_thread(broken.process.wait, 20) == 137
    house.controller()
    await house.until(lambda status: tuple(status.frontiers[Lane.NEW]) > (ticket.window, 2**64 - 1))
    assert house.folder.window_reveal(ticket.window).exists()
    house.assert_orderly()


async def test_two_controllers_and_kill_9_never_move_the_frontier_back_or_faster(house: QueueHouse) -> None:
    await house.open(schedule_now(), Policy(claim_minutes=1), always=True)
    await house.cap(0)
    controllers = [house.controller(), house.controller()]
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    for number in range(20):
        await house.join(gate, f"orang{number}@contoh.id")
    await house.cap(120)
    await house.until(lambda status: status.called > 3)
    began, at_begin = time.time(), house.seen[-1].called
    for _ in range(2):
        leading = await _leading(house, controllers)
        controllers.remove(leading)
        leading.end(signal.SIGKILL)
        controllers.append(house.controller())
        before = house.seen[-1]
        await house.until(lambda status, before=before: status.epoch > before.epoch)
        await house.until(lambda status, before=before: status.called > before.called)
    seconds = time.time() - began
    # 120 a minute, and some more because not all who are called come; a doubled speed would be 4 a second
    assert house.seen[-1].called - at_begin <= seconds * 2 * 1.3 + 3
    await house.until(lambda status: status.called == 20)
    house.assert_orderly()
    assert len({status.epoch for status in house.seen}) == 3


async def test_a_controller_that_wakes_up_too_late_changes_nothing(house: QueueHouse) -> None:
    await house.open(schedule_now(), always=True)
    await house.cap(0)
    sleeper = house.controller()
    await house.until(lambda status: status.state is QueueState.OPEN)
    gate = house.gate()
    for number in range(40):
        await house.join(gate, f"orang{number}@contoh.id")
    await house.cap(60)
    await house.until(lambda status: status.called > 0)
    sleeper.end(signal.SIGSTOP)
    house.controller()
    second = await house.until(lambda status: status.epoch > 1)
    sleeper.process.send_signal(signal.SIGCONT)
    await house.until(lambda status: status.sequence > second.sequence + 3)
    assert {status.epoch for status in house.seen[house.seen.index(second) :]} == {second.epoch}
    house.assert_orderly()


async def _leading(house: QueueHouse, controllers: list[Controller]) -> Controller:
    """The one that holds the lease, as it says in its sign of life."""
    for _ in range(200):
        for one in controllers:
            sign = house.data / "run" / f"queue-{one.process.pid}.json"
            if sign.exists() and b'"leads":true' in sign.read_bytes():
                return one
        await asyncio.sleep(0.1)
    raise AssertionError("nobody leads")
