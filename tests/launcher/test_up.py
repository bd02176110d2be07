"""`meterai up` as people use it: start, Ctrl-C, kill, start again, as whoever and wherever."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import asyncpg
import msgspec
import pytest

from meterai.kernel.serial_number import make_serial
from meterai.kit.child_processes import processes_in, stamp_of
from meterai.kit.installation import read_addresses
from meterai.kit.installation_secrets import Secrets
from tests.ports import first_of_free_ports
from tests.running_service import RunningService, launch, parent_of, processes_of, running_service

pytestmark = [pytest.mark.storage, pytest.mark.journey]


@pytest.fixture(scope="module")
def own() -> Iterator[RunningService]:
    """A running service that these tests may disturb, as large as a newcomer's."""
    with running_service({"METERAI_JAIL_SLOTS": "2"}, is_new=True) as service:
        yield service


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may pass through."""
    with tempfile.TemporaryDirectory(prefix="meterai-up-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


async def owner_of(service: RunningService) -> asyncpg.Connection[asyncpg.Record]:
    password = Secrets(service.data).database_owner
    return await asyncpg.connect(service.addresses.database, user="meterai_owner", password=password)


async def test_it_says_where_everything_is_and_everything_answers(own: RunningService) -> None:
    addresses = own.addresses
    for url in (addresses.site, f"{addresses.site}/casn", addresses.gateway, addresses.inbox):
        assert url in own.output
        assert await status_of(url) == 200
    assert await status_of(f"{addresses.tsa}/healthz") == 200
    assert "demo FILE.pdf" in own.output


async def test_each_process_answers_monitors(own: RunningService) -> None:
    roles = own.addresses.roles
    assert set(roles) == {"signer", "worker", "site", "queue", "gate", "closer"}
    deadline = time.monotonic() + 20
    for role, port in roles.items():
        for path in ("healthz", "readyz", "metrics"):  # the port of a process may open after its service
            while not await _answers(f"http://127.0.0.1:{port}/{path}"):
                assert time.monotonic() < deadline, (role, path)
                await asyncio.sleep(0.1)


def test_secrets_stand_in_private_files_and_nowhere_else(own: RunningService) -> None:
    words = [own.addresses.database, (own.data / "run" / "service.json").read_text(), own.output]
    words += [Path(f"/proc/{child.pid}/cmdline").read_text() for child in own.children()]
    secrets = []
    for path in (own.data / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text().strip()
        secrets += (
            msgspec.json.decode(text, type=dict[str, str]).values() if path.suffix == ".json" else [text]
        )
    assert len(secrets) >= 7
    assert [secret for secret in secrets if any(secret in word for word in words)] == []


def test_no_process_knows_the_owner_and_only_the_signer_its_own_role(own: RunningService) -> None:
    secrets = Secrets(own.data)
    knows = {"owner": 0, "signer": 0, "server key": 0}
    for child in own.children():
        environment = Path(f"/proc/{child.pid}/environ").read_text()
        knows["owner"] += secrets.database_owner in environment
        knows["signer"] += secrets.database_roles["signer"] in environment
        knows["server key"] += secrets.gateway_server_key in environment
    assert knows == {"owner": 0, "signer": 1, "server key": 2}


def test_other_users_can_look_into_nothing_but_what_a_queue_publishes(own: RunningService) -> None:
    """A web server of another user passes through the queues' folders, which it can't list, to `public/`."""
    assert [path.name for path in own.data.iterdir() if path.stat().st_mode & 0o077] == ["queue"]
    [event] = (path for path in (own.data / "queue").iterdir() if path.is_dir())
    assert {path.stat().st_mode & 0o777 for path in (event, event.parent)} == {0o711}
    assert {path.name for path in event.iterdir() if path.stat().st_mode & 0o077} == {"public"}


async def test_a_killed_process_is_back_soon(own: RunningService) -> None:
    victim = next(
        child.pid
        for child in own.children()
        if b"sandbox.inbox" in Path(f"/proc/{child.pid}/cmdline").read_bytes()
    )
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not await _answers(own.addresses.inbox):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert "inbox ended (SIGKILL), starting it again" in own.output
    assert stamp_of(victim) is None


async def _answers(url: str, well: tuple[int, ...] = (200,)) -> bool:
    try:
        return await status_of(url) in well
    except aiohttp.ClientError:
        return False


async def test_a_killed_database_is_back_soon_and_the_site_goes_on(own: RunningService) -> None:
    for process in processes_in(own.data / "postgres" / "data", program="postgres"):
        if parent_of(process) == own.launcher.pid:
            os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while "the database ended, starting it again" not in own.output or not await _sells(own):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    connection = await owner_of(own)
    assert await connection.fetchval("SELECT count(*) FROM sales.event") > 0
    await connection.close()


async def _sells(own: RunningService) -> bool:
    """Whether a page that needs the database works."""
    return await _answers(f"{own.addresses.site}/periksa/nomor/{make_serial(bytes(32))}", well=(200, 404))


def test_a_second_launcher_on_the_same_data_is_refused(own: RunningService) -> None:
    second = launch(own.data, output=own.data.with_name("second.output"))
    assert second.launcher.wait(20) == 1
    assert "already runs" in second.output
    assert own.launcher.poll() is None


async def test_killed_and_started_again_it_loses_nothing_and_ctrl_c_leaves_nothing(place: Path) -> None:
    first = launch(place / "data", arguments=("--port", "0"))
    first.wait_until_ready()
    connection = await owner_of(first)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()
    old = first.sessions()
    first.launcher.kill()
    first.launcher.wait()

    port = first.addresses.site.rpartition(":")[2]
    since = time.monotonic()
    again = launch(place / "data", arguments=("--port", port))
    again.wait_until_ready()
    seconds = time.monotonic() - since
    try:
        assert processes_of(old) == []
        assert again.addresses.site == first.addresses.site
        connection = await owner_of(again)
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
        sessions = again.sessions()
        assert len(sessions) >= 7
    finally:
        status = again.stop(signal.SIGINT)
    assert status == 0
    assert processes_of(sessions) == []
    assert processes_in(place / "data" / "postgres" / "data", program="postgres") == []
    assert not (place / "data" / "run" / "service.json").exists()
    shutil.rmtree(place / "data")
    assert [path.name for path in place.iterdir()] == ["data.output"]
    print(f"start after a kill: {seconds:.1f} s")


@pytest.mark.long
async def test_it_goes_on_when_nobody_reads_its_lines_and_under_nohup_when_the_terminal_goes(
    place: Path,
) -> None:
    command = ["nohup", sys.executable, "-m", "meterai.cli", "up", "--port", "0"]
    command += ["--data", str(place / "data")]
    launcher = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert launcher.stdout is not None
    launcher.stdout.close()
    deadline = time.monotonic() + 60
    while not (place / "data" / "run" / "service.json").exists():
        assert launcher.poll() is None
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    launcher.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.3)
    assert await status_of(read_addresses(place / "data").site) == 200
    launcher.send_signal(signal.SIGTERM)
    assert launcher.communicate(timeout=30)[1] == b""
    assert launcher.returncode == 0


def test_it_does_not_start_where_people_would_look_for_its_gate_in_vain(place: Path) -> None:
    first = first_of_free_ports()
    with socket.create_server(("127.0.0.1", first + 6)):
        arguments = ("--port", str(first))
        service = launch(
            place / "data", arguments=arguments, env={"METERAI_GATE_URL": "https://antre.contoh.id"}
        )
        assert service.launcher.wait(20) == 1
    assert f"Port {first + 6} of the gate is busy" in service.output


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_ctrl_c_while_starting_leaves_nothing(place: Path, seconds: float) -> None:
    service = launch(place / "data")
    time.sleep(seconds)
    sessions = service.sessions()
    assert service.stop(signal.SIGINT) in (0, 1, 130, -signal.SIGINT)
    assert processes_of(sessions) == []
    assert processes_in(place / "data" / "postgres" / "data", program="postgres") == []


@pytest.mark.long
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_it_starts_for_an_ordinary_user(place: Path) -> None:
    place.chmod(0o777)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*become, "test", "-x", sys.executable, "-a", "-r", __file__]).returncode:
        pytest.skip("the checkout is closed to others")
    service = launch(place / "data", prefix=become, env={"HOME": str(place)})
    service.wait_until_ready()
    try:
        owners = {Path(f"/proc/{child.pid}").stat().st_uid for child in service.children()}
        assert owners == {65534}
    finally:
        assert service.stop() == 0


@pytest.mark.long
@pytest.mark.skipif(os.getuid() != 0, reason="only for root is a closed folder closed to the database")
async def test_it_starts_for_root_below_a_folder_of_mode_0700(place: Path) -> None:
    place.chmod(0o700)
    service = launch(place / "data")
    service.wait_until_ready()
    try:
        assert await status_of(service.addresses.site) == 200
        assert place.stat().st_mode & 0o777 == 0o700
    finally:
        assert service.stop(signal.SIGTERM) == 0


def test_a_data_directory_of_somebody_else_is_refused_with_the_next_step(place: Path) -> None:
    (place / "file").write_text("not a directory")
    refused = launch(place / "file" / "data", output=place / "output")
    assert refused.launcher.wait(20) == 1
    assert "--data DIR" in refused.output
