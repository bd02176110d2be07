"""The leading controller between the steps of its queues: it continues after trouble, rests, and stops
leading."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest
import structlog

from meterai.kit.database import connect
from meterai.launcher.schema.role_settings import settings_of_role
from meterai.waiting_room.control import lease as leading
from meterai.waiting_room.control.checked_clock import CheckedClock
from meterai.waiting_room.control.lease import LeaseLoop
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.store import lease_rows, queues
from tests.storage_fixtures import TestDatabase


@pytest.fixture
def lease_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LeaseLoop:
    """The loop with one awake queue. A second takes a hundredth of one."""
    monkeypatch.setattr(leading, "STEP_S", 0.01)
    made = LeaseLoop(Mock(), tmp_path, holder="one")
    made._awake = ["casn"]
    return made


async def test_a_queue_whose_step_fails_is_opened_anew_after_a_second_and_nothing_of_it_stays_open(
    lease_loop: LeaseLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a queue that fails for an hour uses up the processor and the file descriptors."""
    monkeypatch.setattr(leading, "STEP_S", 0.05)
    controller = AsyncMock()
    controller.step.side_effect = [ValueError, ValueError, Superseded]
    opening = AsyncMock(return_value=controller)
    monkeypatch.setattr(LeaseLoop, "_open", opening)
    began = asyncio.get_running_loop().time()
    assert not await lease_loop._conduct("casn", 1), "another leads"
    assert asyncio.get_running_loop().time() - began >= 0.1
    assert (opening.await_count, controller.close.await_count) == (3, 3)


async def test_a_queue_that_rests_is_left_alone(
    lease_loop: LeaseLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = AsyncMock()
    controller.step.side_effect = lambda _: lease_loop._awake.clear()
    monkeypatch.setattr(LeaseLoop, "_open", AsyncMock(return_value=controller))
    async with asyncio.timeout(60):
        assert await lease_loop._conduct("casn", 1)
    assert (controller.step.await_count, controller.close.await_count) == (1, 1)


async def test_a_chain_of_seeds_is_made_once_however_often_the_lease_changes(
    lease_loop: LeaseLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making it takes most of a second. A machine that was too late for its lease has no time to lose."""
    making = Mock()
    monkeypatch.setattr(leading, "SeedChains", making)
    monkeypatch.setattr(leading, "Publisher", Mock())
    monkeypatch.setattr(leading, "forget_silent", AsyncMock())
    queue = Mock(log_size=0)
    monkeypatch.setattr(queues, "read_queue", AsyncMock(return_value=queue))
    lease_loop.db.connection = Mock(return_value=AsyncMock())  # type: ignore[method-assign]
    for epoch in (1, 2):
        await lease_loop._open("casn", epoch)
    assert making.call_count == 1


@pytest.mark.storage
async def test_who_is_told_to_stop_gives_the_lease_back(database: TestDatabase, tmp_path: Path) -> None:
    """The next process need not wait until the lease has lapsed."""
    stop = asyncio.Event()
    one, next_one = (LeaseLoop(database.controller, tmp_path, holder=name) for name in ("one", "next"))
    task = asyncio.create_task(one.run(stop))
    async with asyncio.timeout(60):
        while not one.leads:
            await asyncio.sleep(0.01)
    stop.set()
    await task
    async with database.app.connection() as connection:
        assert await lease_rows.take_lease(connection, next_one.holder, 60) == 2


@pytest.mark.storage
async def test_steps_that_have_all_other_connections_don_t_keep_the_lease_from_being_renewed(
    lease_loop: LeaseLoop, database: TestDatabase
) -> None:
    """This happens while several queues catch up after a pause, far from the database."""
    stop, lease_loop.db = asyncio.Event(), await connect(database.urls.app, connections_max=2)
    task = asyncio.create_task(lease_loop.run(stop))
    async with asyncio.timeout(60):
        while not lease_loop.leads:
            await asyncio.sleep(0.01)
        loans = [lease_loop.db.connection() for _ in range(2)]
        taking = [asyncio.create_task(loan.__aenter__()) for loan in loans]
        await asyncio.wait(taking, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.02)
        until = "SELECT until FROM waiting_room.lease"
        before = await database.owner.fetchval(until)
        while await database.owner.fetchval(until) == before:
            await asyncio.sleep(0.01)
    stop.set()
    for loan, taken in zip(loans, taking, strict=True):
        await taken
        await loan.__aexit__(None, None, None)
    await task
    await lease_loop.db.close()


class Clock:
    """A wall clock that a test can set."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.mark.storage
@pytest.mark.parametrize("ahead_s", [-60.0, 60.0])
async def test_a_controller_whose_clock_is_not_the_database_s_does_not_lead(
    lease_loop: LeaseLoop, database: TestDatabase, ahead_s: float
) -> None:
    stop, wall = asyncio.Event(), Clock()
    wall.ahead_s = ahead_s
    lease_loop.db, lease_loop.clock = database.app, CheckedClock(wall)
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(lease_loop.run(stop))
        async with asyncio.timeout(60):
            while not any(one["event"] == "queue_clock_differs" for one in lines):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert not lease_loop.leads
        wall.ahead_s = 0.0
        async with asyncio.timeout(60):
            while not lease_loop.leads:
                await asyncio.sleep(0.01)
        stop.set()
        await task
    warned = [(one["event"], one["other"]) for one in lines if one["log_level"] == "warning"]
    assert warned == [("queue_clock_differs", "database")], "it says so once"


@pytest.mark.storage
async def test_a_controller_whose_clock_is_set_gives_the_lease_up(
    lease_loop: LeaseLoop, database: TestDatabase
) -> None:
    stop, wall = asyncio.Event(), Clock()
    lease_loop.db, lease_loop.clock = database.app, CheckedClock(wall)
    task = asyncio.create_task(lease_loop.run(stop))
    async with asyncio.timeout(60):
        while not lease_loop.leads:
            await asyncio.sleep(0.01)
        wall.ahead_s = 60.0
        while lease_loop.leads:
            await asyncio.sleep(0.01)
    stop.set()
    await task
    async with database.app.connection() as connection:
        assert await lease_rows.take_lease(connection, "next", 60) == 2, "the lease was given back"


async def test_no_step_is_taken_after_the_clock_was_set(
    lease_loop: LeaseLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds even if the database's clock was set with it, because both run on one machine."""
    wall, connection, controller = Clock(), AsyncMock(), AsyncMock()
    lease_loop.clock = CheckedClock(wall)
    connection.fetchval.side_effect = lambda _: wall()
    assert await lease_loop.clock.agrees_with_database(connection)

    def step(_: float) -> Mock:
        wall.ahead_s = 3.0
        return Mock(called=0)

    controller.step.side_effect = step
    monkeypatch.setattr(LeaseLoop, "_open", AsyncMock(return_value=controller))
    async with asyncio.timeout(60):
        assert not await lease_loop._conduct("casn", 1)
    assert (controller.step.await_count, controller.close.await_count) == (1, 1)
    assert await lease_loop.clock.agrees_with_database(connection), "then it may lead again, by the new time"


async def test_a_slow_answer_of_the_database_is_no_difference_of_clocks() -> None:
    wall, connection = Clock(), AsyncMock()

    async def answer(_: str) -> float:
        read = wall()
        wall.ahead_s += 30  # the answer took this long
        return read

    connection.fetchval.side_effect = answer
    assert await CheckedClock(wall, monotonic=wall).agrees_with_database(connection)


def test_the_database_ends_a_step_of_a_frozen_controller_when_its_lease_ends() -> None:
    """`idle_in_transaction_session_timeout` is a setting of the controller's role (decision 0050)."""
    limit = settings_of_role("meterai_controller")["idle_in_transaction_session_timeout"]
    assert limit == f"{leading.LEASE_S:g}s"
