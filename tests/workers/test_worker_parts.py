"""The worker's parts: names that are taken once, loops that never give up."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import asyncpg
import pytest
import structlog

from meterai.background.loops import Bell, Counts, Loop, run_loop
from meterai.background.presence import Presence
from meterai.kernel.clock import system_clock
from meterai.kit.settings import Settings
from meterai.operations.use_cases.take_name import NameTaken, free_name, keep_name, take_name
from meterai.processes.worker import loops_of
from meterai.verification.model import Trust
from sandbox.pki.authority import make_pki
from tests.counted import counted
from tests.storage_fixtures import TestDatabase


def test_each_worker_of_a_machine_has_a_name_of_its_own(tmp_path: Path) -> None:
    first, second = Presence(tmp_path, "satu"), Presence(tmp_path, "satu")
    assert (first.name, second.name) == ("satu/worker-1", "satu/worker-2")
    first.close()
    third = Presence(tmp_path, "satu")
    assert third.name == "satu/worker-1", "the name of a worker that is gone is free"
    second.close()
    third.close()


def test_controllers_that_are_killed_leave_no_more_signs_of_life_than_there_were_at_once(
    tmp_path: Path,
) -> None:
    for _ in range(3):
        killed = Presence(tmp_path, "satu", "queue")
        killed.show({"leads": True})
        killed.close()
    assert [path.name for path in tmp_path.iterdir()] == ["queue-1.json"]


def test_the_sign_of_life_is_one_json_object(tmp_path: Path) -> None:
    presence = Presence(tmp_path, "satu")
    presence.show({"loops": {"stamping": "a long text that is shortened later"}})
    presence.show({"loops": {}})
    assert json.loads((tmp_path / "worker-1.json").read_text())["name"] == "satu/worker-1"
    presence.close()


async def test_no_two_workers_have_one_name(database: TestDatabase, tmp_path: Path) -> None:
    """Hosts with one name: the second is refused while the first lives. A restart on its host is not."""
    first = Presence(tmp_path / "first", "satu")
    first.show({})
    await take_name(database.worker, first.name, first.holder, after=first.former)
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    second = Presence(tmp_path / "second", "satu")
    assert second.name == first.name
    with pytest.raises(NameTaken, match=r"METERAI_HOST_NAME: .* satu/worker-1"):
        await take_name(database.worker, second.name, second.holder, after=second.former)
    assert await keep_name(database.worker, first.name, first.holder)
    first.close()  # it was killed
    restarted = Presence(tmp_path / "first", "satu")
    await take_name(database.worker, restarted.name, restarted.holder, after=restarted.former)
    assert not await keep_name(database.worker, first.name, first.holder), "it ends if it was only frozen"
    await database.owner.execute("UPDATE operations.process SET seen_at = seen_at - interval '11 seconds'")
    await take_name(database.worker, second.name, second.holder, after=second.former)
    await free_name(database.worker, second.name, second.holder)
    assert await database.owner.fetchval("SELECT count(*) FROM operations.process") == 0
    second.close()
    restarted.close()


async def test_a_loop_goes_on_after_errors_and_stops_when_told() -> None:
    stop, counts, turns = asyncio.Event(), Counts(), []

    async def work() -> int:
        turns.append(len(turns))
        if len(turns) in (2, 3):
            raise OSError("the database is away")
        if len(turns) == 6:
            stop.set()
        return 1

    await asyncio.wait_for(run_loop(Loop(name="test", work=work, idle_s=0.01), stop, counts), 10)
    assert len(turns) == 6
    assert (counts.done, counts.faults) == (4, 2)
    assert counted("meterai_loop_done_total", loop="test") == 4
    assert counted("meterai_loop_faults_total", loop="test") == 2


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "worker.unavailable"),
        (asyncpg.CannotConnectNowError("the database system is starting up"), "worker.unavailable"),
        (asyncpg.DiskFullError("could not extend file"), "worker.unavailable"),
        (KeyError("x"), "worker.fault"),
    ],
)
async def test_a_long_outage_stands_in_the_log_when_it_begins_and_when_it_is_over(
    trouble: Exception, told: str
) -> None:
    """Two dozen loops try every few seconds, perhaps for hours. Earlier lines must stay in the log."""
    stop, counts = asyncio.Event(), Counts()

    async def work() -> int:
        if counts.faults < 30:
            raise trouble
        stop.set()
        return 1

    with structlog.testing.capture_logs() as lines, pytest.MonkeyPatch.context() as patch:
        patch.setattr("meterai.background.loops._TROUBLE_SECONDS_MAX", 0.01)
        await asyncio.wait_for(run_loop(Loop(name="test", work=work, idle_s=0.001), stop, counts), 10)
    assert [line["event"] for line in lines] == [told, "worker.goes_on"]
    assert ("exc_info" in lines[0]) == (told == "worker.fault")


async def test_a_loop_without_work_pauses_and_one_with_work_does_not() -> None:
    async def turns_in(seconds: float, found: int) -> int:
        stop, counts, turns = asyncio.Event(), Counts(), 0

        async def work() -> int:
            nonlocal turns
            turns += 1
            await asyncio.sleep(0)
            return found

        running = asyncio.create_task(
            run_loop(Loop(name="test", work=work, busy_s=0.001, idle_s=0.1), stop, counts)
        )
        await asyncio.sleep(seconds)
        stop.set()
        await running
        return turns

    assert await turns_in(0.35, found=0) <= 5
    assert await turns_in(0.35, found=1) > 20


async def test_stopping_does_not_wait_for_the_pause() -> None:
    stop = asyncio.Event()

    async def work() -> int:
        return 0

    running = asyncio.create_task(run_loop(Loop(name="test", work=work, idle_s=60), stop, Counts()))
    await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 2)


async def test_a_bell_wakes_one_loop_and_is_remembered_while_none_waits() -> None:
    bell = Bell()
    first, second = asyncio.create_task(bell.wait()), asyncio.create_task(bell.wait())
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.sleep(0)
    assert (first.done(), second.done()) == (True, False)
    second.cancel()
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.wait_for(bell.wait(), 1)


async def test_a_ring_that_meets_a_pause_just_ended_is_not_lost() -> None:
    bell = Bell()
    first, second = asyncio.create_task(bell.wait()), asyncio.create_task(bell.wait())
    await asyncio.sleep(0)
    bell.ring()
    first.cancel()
    await asyncio.wait_for(second, 1)


async def test_a_ring_in_the_moment_in_which_a_pause_ends_is_kept_and_breaks_nothing() -> None:
    bell = Bell()
    pausing = asyncio.create_task(bell.wait())
    await asyncio.sleep(0)
    pausing.cancel()
    bell.ring()
    with pytest.raises(asyncio.CancelledError):
        await pausing
    await asyncio.wait_for(bell.wait(), 1)


async def test_a_loop_with_a_bell_works_when_it_is_rung_and_goes_on_while_its_turns_are_full() -> None:
    stop, bell, found, turns = asyncio.Event(), Bell(), [0, 3, 3, 1, 0], []

    async def work() -> int:
        turns.append(1)
        return found[len(turns) - 1]

    loop = Loop(name="test", work=work, busy_s=60, idle_s=60, bell=bell, full=3)
    running = asyncio.create_task(run_loop(loop, stop, Counts()))
    await asyncio.sleep(0.02)
    assert len(turns) == 1
    bell.ring()
    await asyncio.sleep(0.05)
    assert len(turns) == 4, "two full turns and one that found less"
    stop.set()
    bell.ring()
    await asyncio.wait_for(running, 1)


@pytest.mark.storage
async def test_a_worker_tells_the_controllers_what_is_behind_the_site(database: TestDatabase) -> None:
    app = Mock(db=database.worker, clock=system_clock, settings=Settings(), trust=Trust(roots_pem=()))
    (behind,) = [
        loop
        for loop in loops_of(app, Mock(), "worker-1", webhooks=Mock(), batches=Mock())
        if loop.name == "behind"
    ]
    assert behind.idle_s <= 1
    await behind.work()
    assert await database.owner.fetchval("SELECT count(*) FROM waiting_room.behind") == 1


@pytest.mark.journey
@pytest.mark.parametrize(
    "module",
    ["meterai.processes.site", "meterai.processes.worker", "meterai.processes.signer"],
    ids=lambda name: name[8:],
)
def test_a_process_that_starts_while_the_database_is_down_ends_with_one_line(
    module: str, tmp_path: Path
) -> None:
    """It is restarted every few seconds. A trace each time would fill its log."""
    make_pki(tmp_path / "pki")
    away = "postgresql://a:geheim@127.0.0.1:1/c"
    env = os.environ | {
        "METERAI_DATA": str(tmp_path),
        "METERAI_DATABASE_SITE_URL": away,
        "METERAI_DATABASE_WORKER_URL": away,
        "METERAI_DATABASE_SIGNER_URL": away,
    }
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, env=env)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["database"], said["reason"]) == (
        "process_ended",
        "127.0.0.1:1",
        "Connection refused",
    )
    assert "on-duty.md" in said["next"]
    assert "geheim" not in line
