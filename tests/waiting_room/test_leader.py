"""What the leading controller does around the steps of its queues: goes on after trouble, rests, leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest

from meterai.kit.database import connect
from meterai.waiting_room.control import lease as leading
from meterai.waiting_room.control.lease import Leader
from meterai.waiting_room.files.window_files import Superseded
from meterai.waiting_room.store import queues
from tests.storage_fixtures import TestDatabase


@pytest.fixture
def leader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leader:
    """Of a queue that is awake; a second takes a hundredth of one."""
    monkeypatch.setattr(leading, "STEP_S", 0.01)
    made = Leader(Mock(), tmp_path, holder="one")
    made._awake = ["casn"]
    return made


async def test_a_queue_whose_step_fails_is_opened_anew_after_a_second_and_nothing_of_it_stays_open(
    leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a line that fails for an hour takes the processor, and the last file that may be opened."""
    monkeypatch.setattr(leading, "STEP_S", 0.05)
    conductor = AsyncMock()
    conductor.step.side_effect = [ValueError, ValueError, Superseded]
    opening = AsyncMock(return_value=conductor)
    monkeypatch.setattr(Leader, "_open", opening)
    began = asyncio.get_running_loop().time()
    assert not await leader._conduct("casn", 1), "another leads"
    assert asyncio.get_running_loop().time() - began >= 0.1
    assert (opening.await_count, conductor.close.await_count) == (3, 3)


async def test_a_queue_that_rests_is_left_alone(leader: Leader, monkeypatch: pytest.MonkeyPatch) -> None:
    conductor = AsyncMock()
    conductor.step.side_effect = lambda _: leader._awake.clear()
    monkeypatch.setattr(Leader, "_open", AsyncMock(return_value=conductor))
    async with asyncio.timeout(5):
        assert await leader._conduct("casn", 1)
    assert (conductor.step.await_count, conductor.close.await_count) == (1, 1)


async def test_a_chain_of_seeds_is_made_once_however_often_the_lease_changes(
    leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes most of a second, and a machine that came too late for its lease has none to spare."""
    making = Mock()
    monkeypatch.setattr(leading, "SeedChains", making)
    monkeypatch.setattr(leading, "Publisher", Mock())
    monkeypatch.setattr(leading, "forget_silent", AsyncMock())
    queue = Mock(log_size=0)
    monkeypatch.setattr(queues, "read_queue", AsyncMock(return_value=queue))
    leader.db.connection = Mock(return_value=AsyncMock())  # type: ignore[method-assign]
    for epoch in (1, 2):
        await leader._open("casn", epoch)
    assert making.call_count == 1


@pytest.mark.storage
async def test_who_is_told_to_stop_gives_the_lease_back(database: TestDatabase, tmp_path: Path) -> None:
    """The next one need not wait until it has lapsed."""
    stop = asyncio.Event()
    one, next_one = (Leader(database.app, tmp_path, holder=name) for name in ("one", "next"))
    task = asyncio.create_task(one.run(stop))
    async with asyncio.timeout(5):
        while not one.leads:
            await asyncio.sleep(0.01)
    stop.set()
    await task
    async with database.app.connection() as connection:
        assert await queues.take_lease(connection, next_one.holder, 60) == 2


@pytest.mark.storage
async def test_steps_that_have_all_other_connections_don_t_keep_the_lease_from_being_renewed(
    leader: Leader, database: TestDatabase
) -> None:
    """As while a pause is caught up with for several lines, far from the database."""
    stop, leader.db = asyncio.Event(), await connect(database.urls.app, connections_max=2)
    task = asyncio.create_task(leader.run(stop))
    async with asyncio.timeout(5):
        while not leader.leads:
            await asyncio.sleep(0.01)
        taking = [asyncio.create_task(leader.db.take()) for _ in range(2)]
        await asyncio.wait(taking, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.02)
        until = "SELECT until FROM waiting_room.lease"
        before = await database.owner.fetchval(until)
        while await database.owner.fetchval(until) == before:
            await asyncio.sleep(0.01)
    stop.set()
    for one in taking:
        leader.db.give_back(await one)
    await task
    await leader.db.close()
