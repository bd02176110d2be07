"""What is inside the jail reaches nothing outside; and the probe that says so finds everything when free."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest, ProbeResult, attempt_names
from tests.hostile.bare_machine import Report
from tests.hostile.probing import PROBE, managed_in

VICTIM = "import ctypes; ctypes.CDLL(None).prctl(0x59616D61, -1); print(flush=True); input()"
"""Waits, and lets anybody trace it where Yama forbids that (PR_SET_PTRACER_ANY)."""
FREE = "import sys, msgspec; from meterai.jail.probe import *; b = sys.stdin.buffer.read(); "
FREE += "sys.stdout.buffer.write(msgspec.json.encode(probe(msgspec.json.decode(b, type=ProbeRequest))))"


@pytest.fixture
def neighbourhood(tmp_path: Path) -> Iterator[ProbeRequest]:
    """What stands beside a jail in the service: a key, a database's socket, a port, another process."""
    key = tmp_path / "pki" / "signer.key"
    key.parent.mkdir()
    key.write_bytes(b"-----BEGIN PRIVATE KEY-----")
    with (
        tempfile.TemporaryDirectory() as short,  # the path of a socket has 107 bytes at most
        socket.socket(socket.AF_UNIX) as database,
        socket.create_server(("127.0.0.1", 0)) as port,
        subprocess.Popen(
            [sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as victim,
    ):
        database.bind(f"{short}/s")
        database.listen()
        assert victim.stdout is not None
        victim.stdout.readline()
        yield ProbeRequest(
            files=[str(key), "/etc/passwd", "/proc/self/environ", "/proc/meminfo"],
            folders=[str(tmp_path), str(Path.home()), "/", "/etc"],
            unix_sockets=[f"{short}/s"],
            tcp_port=port.getsockname()[1],
            process=victim.pid,
        )
        victim.kill()


async def managed_in_jail(request: ProbeRequest) -> list[str]:
    pool = JailPool([PROBE], spare=False, production=True)
    await pool.start()
    try:
        return await managed_in(pool, request)
    finally:
        await pool.close()


def probe_in_freedom(request: ProbeRequest) -> ProbeResult:
    request = msgspec.structs.replace(request, attempts=attempt_names(request))
    done = subprocess.run(
        [sys.executable, "-c", FREE], input=msgspec.json.encode(request), capture_output=True, check=True
    )
    return msgspec.json.decode(done.stdout, type=ProbeResult)


async def test_the_jail_reaches_nothing_of_what_the_probe_reaches_in_freedom(
    neighbourhood: ProbeRequest,
) -> None:
    free = probe_in_freedom(neighbourhood)
    assert set(free.managed) == {
        *(f"read {path}" for path in neighbourhood.files),
        *(f"list {path}" for path in (*neighbourhood.folders, "/proc")),
        *(f"connect {path}" for path in neighbourhood.unix_sockets),
        *("connect_tcp", "connect_udp", "signal", "limit_other", "read_environment", "trace"),
        *("start_program", "fork", "start_thread", "write_file", "open_for_writing"),
        *("raise_memory_limit", "enter_namespace", "make_code", "see_others"),
    }
    assert await managed_in_jail(neighbourhood) == []


async def test_what_parsers_load_late_stays_readable() -> None:
    """Modules, time zones and fonts, of which links may lead from one folder into another."""
    needed = [msgspec.__file__, os.path.realpath("/etc/localtime"), "/etc/localtime"]
    needed += [path for path in ("/usr/share/zoneinfo/Asia/Jakarta",) if os.path.exists(path)]
    needed += [str(path) for path in sorted(Path("/usr/share/fonts").rglob("*.ttf"))[:1]]
    managed = await managed_in_jail(ProbeRequest(files=[path for path in needed if os.path.exists(path)]))
    assert set(managed) == {f"read {path}" for path in needed if os.path.exists(path)}


def start_without(what: str, environment: str = "development") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.hostile.bare_machine", what, environment]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def report_of(done: subprocess.CompletedProcess[str]) -> Report:
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Report)


def test_where_nothing_confines_development_warns_plainly_and_works() -> None:
    done = start_without("unshare,landlock,seccomp")
    report = report_of(done)
    assert "jail.not_confined" in done.stdout + done.stderr
    assert report.missing == ["network", "files", "processes"]
    assert {"connect_udp", "read /etc/passwd", "start_program"} <= set(report.managed)  # it is true


def test_where_nothing_confines_production_does_not_start() -> None:
    done = start_without("unshare,landlock,seccomp", "production")
    assert done.returncode != 0
    assert "production refuses a PDF jail" in done.stderr
    assert "network, files, processes" in done.stderr


@pytest.mark.parametrize("lost", ["unshare", "unshare,clone", "landlock"])
def test_one_wall_less_leaves_nothing_open(lost: str) -> None:
    report = report_of(start_without(lost, "production"))
    assert report.missing == []
    assert report.managed == []


@pytest.mark.parametrize(
    ("lost", "missing"),
    [("seccomp", "processes"), ("unshare,landlock", "files"), ("unshare,seccomp", "network, processes")],
)
def test_a_wall_that_nothing_makes_up_for_is_named(lost: str, missing: str) -> None:
    done = start_without(lost, "production")
    assert done.returncode != 0
    assert done.stderr.strip().endswith(f"keep from: {missing}")


def test_a_view_that_cannot_be_furnished_leaves_everything_where_it_was() -> None:
    """Half a view would be worse than none: modules could not be loaded any more."""
    code = """if True:
        import os
        from meterai.jail.walls import namespaces
        namespaces.leave_namespaces()
        try:
            namespaces.enter_view(["/usr/share", "/proc/self/fd/0"])  # a pipe can't be shown
        except OSError:
            print(os.getcwd(), os.path.exists("/etc/passwd"), os.path.exists("/usr/share"))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "/ True True"
