"""The embedded PostgreSQL where servers are picky: as root, below closed folders, after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from meterai.kit.child_processes import processes_in
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import (
    EmbeddedPostgres,
    PostgresFailed,
    _copy_programs,
    _site_packages,
)
from meterai.launcher.preparation import prepare_folders

pytestmark = pytest.mark.storage
QUICK = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="meterai-pg-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that only its owner may enter, like a home of mode 0700."""
    with tempfile.TemporaryDirectory(prefix="meterai-pg-") as name:
        assert Path(name).stat().st_mode & 0o777 == 0o700
        yield Path(name)


def server_in(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "postgres", password="secret", settings=QUICK, log=folder / "log")


async def ask(server: EmbeddedPostgres, statement: str) -> object:
    connection = await asyncpg.connect(server.url())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def check_it_keeps_its_data(folder: Path) -> None:
    server = server_in(folder)
    server.start()
    try:
        await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        port = server.port
    finally:
        server.stop()
    server.start()
    try:
        assert await ask(server, "SELECT answer FROM kept") == 42
        assert server.port == port
        assert await ask(server, "SHOW data_checksums") == "on"
    finally:
        server.stop()
    assert processes_in(folder / "postgres" / "data", program="postgres") == []


async def test_it_keeps_its_data_in_an_open_folder(open_folder: Path) -> None:
    await check_it_keeps_its_data(open_folder)


async def test_it_keeps_its_data_below_a_closed_folder_whose_mode_stays(closed_folder: Path) -> None:
    await check_it_keeps_its_data(closed_folder)
    assert closed_folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can close a folder to the database's user")
async def test_it_moves_on_when_its_folder_is_closed_later(open_folder: Path) -> None:
    server = server_in(open_folder)
    server.start()
    server.stop()
    open_folder.chmod(0o700)
    server.start()
    try:
        assert await ask(server, "SELECT 1") == 1
    finally:
        server.stop()


async def test_a_wrong_password_is_refused(open_folder: Path) -> None:
    server = server_in(open_folder)
    server.start()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url(password="guess"))
    finally:
        server.stop()


@pytest.mark.long
async def test_a_second_launcher_on_the_same_folder_is_refused(open_folder: Path) -> None:
    first, second = server_in(open_folder), server_in(open_folder)
    first.start()
    try:
        with pytest.raises(PostgresFailed, match="another process runs the database"):
            second.start()
        assert await ask(first, "SELECT 1") == 1
    finally:
        first.stop()


async def test_a_busy_port_is_replaced(open_folder: Path) -> None:
    first, second = server_in(open_folder), server_in(open_folder / "other")
    (open_folder / "other").mkdir(mode=0o711)
    first.start()
    try:
        second.start(first.port)
        assert second.port != first.port
        assert await ask(second, "SELECT 1") == 1
    finally:
        first.stop()
        second.stop()


async def test_every_process_gets_the_connections_that_it_may_open(open_folder: Path) -> None:
    prepare_folders(open_folder)
    settings = Settings(data=open_folder, site_processes=5, worker_processes=3)
    server = DatabaseServer(settings, Secrets(open_folder), may_make=True)
    server.start(0)
    try:
        await server.make_ready()
        connection = await asyncpg.connect(f"{server.owner_url.rpartition('/')[0]}/postgres")
        most = int(await connection.fetchval("SHOW max_connections"))
        await connection.close()
    finally:
        server.stop()
    signer = controller = 5
    assert most >= (5 + 3) * settings.database_connections_max + signer + controller + 10


LAUNCHER = """
import asyncio, sys, time
from pathlib import Path
from tests.launcher.test_postgres import ask, server_in
server = server_in(Path(sys.argv[1]))
server.start()
asyncio.run(ask(server, "CREATE TABLE kept AS SELECT 42 AS answer"))
print("ready", flush=True)
time.sleep(60)
"""


async def test_nothing_committed_is_lost_when_its_launcher_is_killed(open_folder: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(open_folder)], stdout=subprocess.PIPE)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == b"ready\n"
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.wait()
    launcher.stdout.close()
    server = server_in(open_folder)
    server.start()
    try:
        assert await ask(server, "SELECT answer FROM kept") == 42
    finally:
        server.stop()


@pytest.mark.long
async def test_a_long_recovery_is_waited_for(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUICK, "wal_level", "replica")  # what recovery needs when it asks for more
    server = server_in(open_folder)
    server.start()
    await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    (server.data / "recovery.signal").touch()  # reads its log, and asks slowly for more of it
    monkeypatch.setitem(QUICK, "restore_command", "sleep 1; false")
    monkeypatch.setattr("meterai.launcher.embedded_postgres._START_SECONDS", 1.0)
    server = server_in(open_folder)
    since = time.monotonic()
    server.start()
    try:
        assert time.monotonic() > since + 1.5
        assert await ask(server, "SELECT answer FROM kept") == 42
    finally:
        server.stop()


class Kept(NamedTuple):
    """A server that its launcher starts again."""

    server: DatabaseServer
    keeping: asyncio.Future[None]
    lines: list[str]
    """What was reported."""
    pid: int
    """Of the first server process."""

    async def until_tried_again(self) -> None:
        async with asyncio.timeout(30):
            while len(self.lines) < 3 and not self.keeping.done():
                await asyncio.sleep(0.05)
        assert not self.keeping.done(), self.keeping


@pytest_asyncio.fixture
async def kept(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kept]:
    monkeypatch.setattr("meterai.launcher.database_server._AGAIN_SECONDS", 0.2)
    (open_folder / "logs").mkdir()
    server = DatabaseServer(Settings(data=open_folder), Secrets(open_folder), may_make=True)
    lines: list[str] = []
    server.start(0)
    try:
        assert await server.make_ready()
        keeping = asyncio.ensure_future(server.keep(lines.append))
        first = int((open_folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        try:
            yield Kept(server, keeping, lines, first)
        finally:
            keeping.cancel()
    finally:
        server.stop()


async def _until_answered(address: str) -> None:
    async with asyncio.timeout(30):
        while not await _answers(address):
            await asyncio.sleep(0.1)


@pytest.mark.long
async def test_a_server_that_can_not_start_is_tried_until_it_can(open_folder: Path, kept: Kept) -> None:
    """Its launcher goes on meanwhile, and all that needs no database with it."""
    hidden = open_folder / "postgres" / "data" / "global"
    hidden.rename(hidden.with_name("away"))  # as on a disk that takes nothing
    os.kill(kept.pid, signal.SIGKILL)
    await kept.until_tried_again()
    assert "can't be started" in kept.lines[1]
    hidden.with_name("away").rename(hidden)
    await _until_answered(kept.server.owner_url)


@pytest.mark.long
async def test_a_server_that_a_failing_disk_keeps_from_recovering_is_started_again(
    open_folder: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives on without whoever would read its log, and never ends by itself."""
    monkeypatch.setattr("meterai.launcher.database_server._LOOK_SECONDS", 0.5)
    segments = list((open_folder / "postgres" / "data" / "pg_wal").glob("0*"))
    for segment in segments:
        segment.chmod(0)
    running = processes_in(open_folder / "postgres" / "data", program="postgres")
    os.kill(next(pid for pid in running if pid != kept.pid), signal.SIGABRT)
    await kept.until_tried_again()
    assert "does not recover" in kept.lines[0]
    for segment in segments:
        segment.chmod(0o600)
    await _until_answered(kept.server.owner_url)


@pytest.mark.long
async def test_a_server_whose_log_can_not_be_written_is_started_again_without(
    open_folder: Path, kept: Kept
) -> None:
    (open_folder / "logs").rename(open_folder / "away")
    os.kill(kept.pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while not kept.lines or not await _answers(kept.server.owner_url):
            await asyncio.sleep(0.1)
    assert kept.lines == ["the database ended, starting it again"]


@pytest.mark.long
async def test_a_server_whose_disk_is_gone_is_not_made_anew(open_folder: Path, kept: Kept) -> None:
    """It would be an empty one, in the place to which the disk belongs."""
    place, away = open_folder / "postgres", open_folder / "away"
    place.rename(away)
    place.mkdir()
    os.kill(kept.pid, signal.SIGKILL)
    await kept.until_tried_again()
    assert "own disk mounted?" in kept.lines[1]
    assert not list(place.iterdir())
    place.rmdir()
    away.rename(place)
    await _until_answered(kept.server.owner_url)


@pytest.mark.long
async def test_a_server_comes_back_at_its_port_or_waits_for_it(kept: Kept) -> None:
    """The running processes know no other address of it."""
    address = kept.server.owner_url
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await asyncio.sleep(0.1)
        os.kill(kept.pid, signal.SIGKILL)
        _bind_when_free(other, urlsplit(address).port or 0)
        other.listen()
        await kept.until_tried_again()
        assert "taken" in kept.lines[1]
    await _until_answered(address)
    assert kept.server.owner_url == address


def _bind_when_free(other: socket.socket, port: int) -> None:
    """Before the launcher, which waits for its event loop meanwhile."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return other.bind(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


async def _answers(url: str) -> bool:
    try:
        await (await asyncpg.connect(url)).close()
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def test_the_server_ends_by_itself_when_its_launcher_is_killed(open_folder: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(open_folder)], stdout=subprocess.PIPE)
    assert launcher.stdout is not None
    launcher.stdout.readline()
    data = open_folder / "postgres" / "data"
    assert processes_in(data, program="postgres")
    os.kill(launcher.pid, signal.SIGKILL)
    launcher.wait()
    launcher.stdout.close()
    deadline = time.monotonic() + 10
    while processes_in(data, program="postgres") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_in(data, program="postgres") == []


@pytest.mark.long
async def test_a_server_that_hangs_is_stopped_all_the_same(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.launcher.embedded_postgres._STOP_SECONDS", 0.2)
    monkeypatch.setattr("meterai.launcher.embedded_postgres._QUIT_SECONDS", 2.0)
    server = server_in(open_folder)
    server.start()
    await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in processes_in(server.data, program="postgres"):
        os.kill(pid, signal.SIGSTOP)
    server.stop()
    assert processes_in(server.data, program="postgres") == []
    server.start()
    try:
        assert await ask(server, "SELECT answer FROM kept") == 42
    finally:
        server.stop()


@pytest.mark.long
async def test_a_server_that_hangs_after_its_launcher_was_killed_is_replaced(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no order and has to be killed; that nobody has reaped it yet keeps none from starting."""
    hasty = ((signal.SIGINT, 0.2), (signal.SIGQUIT, 0.2), (signal.SIGKILL, 5.0))
    monkeypatch.setattr("meterai.launcher.embedded_postgres._END_LEFT_OVER", hasty)
    first, second = server_in(open_folder), server_in(open_folder)
    first.start()
    try:
        await ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
        for pid in processes_in(first.data, program="postgres"):
            os.kill(pid, signal.SIGSTOP)
        assert first._lock is not None
        os.close(first._lock)  # the kernel's doing, when the launcher is killed
        first._lock = None
        second.start()
        assert await ask(second, "SELECT answer FROM kept") == 42
    finally:
        second.stop()
        first.stop()


def test_a_cluster_of_another_major_version_is_named_not_touched(open_folder: Path) -> None:
    data = open_folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresFailed, match="made by PostgreSQL 14"):
        server_in(open_folder).start()


def test_copied_programs_run_where_the_originals_can_not_be_reached(open_folder: Path) -> None:
    copy = open_folder / "programs"
    _copy_programs(_site_packages() / "embedded_postgres" / "pginstall", copy)
    programs = copy / "embedded_postgres" / "pginstall" / "bin"
    as_whom = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    for name in ("postgres", "initdb"):
        done = subprocess.run([programs / name, "--version"], capture_output=True, text=True, **as_whom)  # type: ignore[call-overload]
        assert "PostgreSQL" in done.stdout, done.stderr
