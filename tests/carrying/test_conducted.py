"""A queue over NATS: real controllers with folders of their own, a gate and the mirror of its host."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meterai.waiting_room.files.public_log import ENTRIES
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import QueueState
from tests.carrying.hosts import until
from tests.nats_server import NatsServer
from tests.ports import free_port
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.running_queue import Controller, running_queue, schedule_now

pytestmark = pytest.mark.journey
EVENT = "casn"
Start = Callable[[Path], subprocess.Popen[bytes]]


@pytest.fixture
def mirror(nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the mirror of a folder. All processes of the test are told of NATS."""
    told = {"NATS_URL": nats_server.url, "LINE_KEY": "s" * 40, "LINE_CONTROLLER_KEY": "c" * 40}
    for name, value in told.items():
        monkeypatch.setenv(f"METERAI_{name}", value)
    started: list[subprocess.Popen[bytes]] = []

    def start(root: Path) -> subprocess.Popen[bytes]:
        port = f"127.0.0.1:{free_port()}"
        env = os.environ | {"METERAI_QUEUE_FOLDER": str(root), "METERAI_ROLE_PORT": port}
        started.append(subprocess.Popen([sys.executable, "-m", "meterai.processes.mirror"], env=env))
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        assert process.wait(20) == 0


async def test_two_controllers_one_after_the_other_and_every_folder_passes_the_audit(
    database: TestDatabase, tmp_path: Path, mirror: Start
) -> None:
    """The first is killed. The next one has its own folder, with all that the first one published."""
    async with running_queue(database, tmp_path) as running:
        running.root = tmp_path / "front"
        satu, dua, front = (QueueFolder(tmp_path / name / EVENT) for name in ("satu", "dua", "front"))
        running.folder = dua  # it follows while the first one leads
        await running.open(schedule_now(), always=True)
        mirror(front.path.parent)
        first, second = (
            Controller(
                database.urls.controller, folder.path.parent, tmp_path / f"data-{folder.path.parent.name}"
            )
            for folder in (satu, dua)
        )
        running._processes += [first, second]
        opened = await running.until(lambda status: status.state is QueueState.OPEN)
        await until(front.status.exists)
        gate = running.gate()
        for number in range(5):
            await running.join(gate, f"orang{number}@contoh.id")
        await running.until(lambda status: status.called == 5)
        holder = await database.owner.fetchval("SELECT holder FROM waiting_room.lease")
        leader, other = (first, second) if f":{first.process.pid}:" in holder else (second, first)
        running.folder = QueueFolder(other.root / EVENT)
        leader.end(signal.SIGKILL)
        await running.join(gate, "andi@contoh.id")
        after = await running.until(lambda status: status.epoch > opened.epoch and status.called == 6)
        await until(lambda: front.status.read_bytes() == running.folder.status.read_bytes())
        Path(leader.root).rename(tmp_path / "lost")  # and its disk is gone
        again = Controller(database.urls.controller, leader.root, leader.data)
        running._processes.append(again)
        await running.until(lambda status: status.sequence > after.sequence + 2)
        running.assert_orderly()
        running.folder = follower = QueueFolder(again.root / EVENT)
        await until(follower.status.exists)
        other.end()
        last = await running.until(lambda status: status.epoch > after.epoch)
        await running.until(lambda status: status.sequence > last.sequence + 1)
        again.end()
        await until(lambda: (front.log / ENTRIES).read_bytes() == (follower.log / ENTRIES).read_bytes())
        assert _windows(front) == _windows(follower) == _windows(QueueFolder(other.root / EVENT))
        assert len(_windows(front)) > 10
        words = [sys.executable, "-m", "meterai.cli", "queue", "audit", str(front.public)]
        audited = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True)
        assert audited.returncode == 0, audited.stdout + audited.stderr
        assert not (front.secret / "controller.json").exists()


def _windows(folder: QueueFolder) -> dict[str, bytes]:
    """The documents of windows that the queue had while all controllers were there."""
    files = {path.name: path for path in (folder.public / "w").iterdir() if int(path.name.split(".")[0]) < 10}
    return {name: path.read_bytes() for name, path in files.items()}
