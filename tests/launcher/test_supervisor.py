"""The supervisor with real processes: starts, watches, stops, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from meterai.kit.child_processes import ProcessStamp, end_processes, stamp_of
from meterai.launcher import supervisor as supervising
from meterai.launcher.supervisor import Spec, StartFailed, Supervisor, accepts_unix, shows_itself

# Says when it is up by making a file, starts a child of its own, and goes on until told to stop.
GOOD = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"])
with open(sys.argv[1] + ".part", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(300)
"""


def good_spec(folder: Path, name: str = "good") -> Spec:
    async def ready(_: int) -> bool:
        return (folder / name).exists()

    argv = [sys.executable, "-c", GOOD, str(folder / name)]
    return Spec(name=name, argv=argv, env={"PATH": os.environ["PATH"]}, ready=ready)


def supervisor_in(folder: Path, lines: list[str] | None = None) -> Supervisor:
    report = lines.append if lines is not None else print
    return Supervisor(logs=folder / "logs", run=folder / "run", report=report)


def pids(folder: Path, name: str = "good") -> list[int]:
    return [int(word) for word in (folder / name).read_text().split()]


async def until(condition: object, seconds: float = 5) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


async def test_stopping_leaves_no_process_behind_not_even_a_grandchild(tmp_path: Path) -> None:
    supervisor = supervisor_in(tmp_path)
    await supervisor.start([good_spec(tmp_path, "one"), good_spec(tmp_path, "two")])
    everything = pids(tmp_path, "one") + pids(tmp_path, "two")
    assert all(stamp_of(pid) for pid in everything)
    await supervisor.stop()
    await until(lambda: not any(stamp_of(pid) for pid in everything))


async def test_a_process_that_dies_is_started_again_and_the_person_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = supervisor_in(tmp_path, lines)
    await supervisor.start([good_spec(tmp_path)])
    watching = asyncio.ensure_future(supervisor.watch())
    first, grandchild = pids(tmp_path)
    (tmp_path / "good").unlink()
    os.kill(first, signal.SIGKILL)
    try:
        await until((tmp_path / "good").exists)
        assert pids(tmp_path)[0] != first
        assert stamp_of(grandchild) is None
        assert "good ended (SIGKILL), starting it again" in lines[0]
    finally:
        watching.cancel()
        await supervisor.stop()


async def test_a_disk_that_is_full_stops_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.launcher.supervisor._LOOK_AT_LOGS_SECONDS", 0.05)
    monkeypatch.setattr("meterai.launcher.supervisor._BACKOFF_SECONDS", (0.05, 0.1))
    lines: list[str] = []
    supervisor = supervisor_in(tmp_path, lines)
    await supervisor.start([good_spec(tmp_path)])
    (tmp_path / "logs" / "good.log").open("wb").truncate(9 << 20)
    (tmp_path / "good").unlink()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("meterai.launcher.supervisor._turn_over", full)
    monkeypatch.setattr(Path, "write_bytes", full)
    popen, refused = subprocess.Popen, iter([True, False])

    def short_of_memory(*words: object, **more: object) -> object:
        if next(refused, False):
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return popen(*words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("meterai.launcher.supervisor.subprocess.Popen", short_of_memory)
    watching = asyncio.ensure_future(supervisor.watch())
    first = json.loads((tmp_path / "run" / "processes.json").read_bytes())[0]["pid"]
    os.kill(first, signal.SIGKILL)
    try:
        await until((tmp_path / "good").exists)
        await asyncio.sleep(0.2)
        assert not watching.done()
        assert "can't be started ([Errno 11]" in lines[1]
    finally:
        watching.cancel()
        await supervisor.stop()


async def test_a_process_whose_log_can_not_be_written_is_started_again_without(tmp_path: Path) -> None:
    """A disk of logs that has become read-only is no reason to sell nothing."""
    lines: list[str] = []
    supervisor = supervisor_in(tmp_path, lines)
    await supervisor.start([good_spec(tmp_path)])
    watching = asyncio.ensure_future(supervisor.watch())
    first, _ = pids(tmp_path)
    log = tmp_path / "logs" / "good.log"
    log.unlink()
    log.mkdir()
    (tmp_path / "good").unlink()
    os.kill(first, signal.SIGKILL)
    try:
        await until((tmp_path / "good").exists)
        assert lines[1:] == [f"good goes on without a log: {log} can't be written"]
    finally:
        watching.cancel()
        await supervisor.stop()


async def test_a_process_that_does_not_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    async def never(_: int) -> bool:
        return False

    argv = [sys.executable, "-c", "raise SystemExit('no such key')"]
    supervisor = supervisor_in(tmp_path)
    with pytest.raises(StartFailed, match=r"(?s)bad ended while starting \(1\).*no such key"):
        await supervisor.start([Spec(name="bad", argv=argv, env={}, ready=never)])
    await supervisor.stop()


async def test_a_slow_machine_is_waited_for_and_the_person_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer's first start reads and compiles everything; after a power cut all starts at once."""
    assert Spec(name="", argv=[], env={}, ready=accepts_unix(tmp_path)).ready_seconds_max >= 180
    monkeypatch.setattr("meterai.launcher.supervisor._LONG_SECONDS", 0.1)
    since, lines = time.monotonic(), list[str]()

    async def late(_: int) -> bool:  # not before the person was told, however long that takes here
        return bool(lines) or time.monotonic() > since + 60

    async def never(_: int) -> bool:
        return False

    argv, supervisor = ["sleep", "300"], supervisor_in(tmp_path, lines)
    env = {"PATH": os.environ["PATH"]}
    await supervisor.start([Spec(name="late", argv=argv, env=env, ready=late)])
    assert [line.partition(" after")[0] for line in lines] == ["late is not ready"]
    with pytest.raises(StartFailed, match="never did not get ready in 0 s"):
        await supervisor.start([Spec(name="never", argv=argv, env=env, ready=never, ready_seconds_max=0.2)])
    await supervisor.stop()


async def test_a_process_that_hangs_while_stopping_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterai.launcher.supervisor._STOP_SECONDS", 0.3)
    told = f"echo $$ 0 > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/good"  # whole, or not there
    argv = ["sh", "-c", f"trap '' TERM; {told}; while :; do sleep 1; done"]
    base = good_spec(tmp_path)
    spec = Spec(name="good", argv=argv, env=base.env, ready=base.ready)
    supervisor = supervisor_in(tmp_path)
    await supervisor.start([spec])
    pid = pids(tmp_path)[0]
    await supervisor.stop()
    assert stamp_of(pid) is None


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.launcher.test_supervisor import good_spec, supervisor_in
async def main():
    folder = Path(sys.argv[1])
    await supervisor_in(folder).start([good_spec(folder)])
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_children_end_with_a_killed_launcher(tmp_path: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert launcher.stdout is not None
    launcher.stdout.readline()
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    child, _ = pids(tmp_path)
    await until(lambda: stamp_of(child) is None)


async def test_the_next_launcher_ends_what_was_left_over_and_nothing_else(tmp_path: Path) -> None:
    left_over = subprocess.Popen(["sleep", "300"], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "300"], start_new_session=True)
    stamp, other = stamp_of(left_over.pid), stamp_of(stranger.pid)
    assert stamp is not None
    assert other is not None
    try:
        (tmp_path / "run").mkdir()
        reused = ProcessStamp(other.pid, "12345", other.boot)  # remembered before its number was reused
        (tmp_path / "run" / "processes.json").write_bytes(msgspec.json.encode([stamp, reused]))
        supervisor_in(tmp_path).end_left_over()
        assert left_over.wait(60) == -signal.SIGTERM
        assert stranger.poll() is None
        assert not (tmp_path / "run" / "processes.json").exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_left_over_that_ignores_being_told_is_killed() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(99)",
        ],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    stamp = stamp_of(process.pid)
    assert stamp is not None
    end_processes([stamp], seconds=0.2)
    assert process.wait(60) == -signal.SIGKILL
    process.stdout.close()


async def test_a_unix_socket_is_found_ready_however_long_its_path_is(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    ready = accepts_unix(folder / "s.sock")
    assert not await ready(0)
    handle = os.open(folder, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{handle}/s.sock")
        assert not await ready(0), "bound, and nobody listens yet"
        listener.listen()
        assert await ready(0)
    os.close(handle)


async def test_a_log_is_turned_over_when_it_is_too_long_and_its_process_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the disk is full after some days of trouble."""
    monkeypatch.setattr(supervising, "_LOG_BYTES_MAX", 10)
    monkeypatch.setattr(supervising, "_LOOK_AT_LOGS_SECONDS", 0.001)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "site.log").write_bytes(b"0123456789")
    with (logs / "worker.log").open("ab", buffering=0) as process:
        process.write(b"0123456789\n")
        looking = asyncio.create_task(supervisor_in(tmp_path)._keep_logs_small())
        await until(lambda: not (logs / "worker.log").stat().st_size)
        await asyncio.sleep(0.02)  # the other one was looked at too
        looking.cancel()
        process.write(b"then\n")
    said = {path.name: path.read_bytes() for path in logs.iterdir()}
    assert said == {
        "site.log": b"0123456789",
        "worker.log": b"then\n",
        "worker.log.1": b"0123456789\n",
    }


async def test_a_log_keeps_no_line_for_longer_than_its_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "_LOOK_AT_LOGS_SECONDS", 0.001)
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, days in (("old", 46), ("new", 44)):
        (logs / f"{name}.log").write_text(name)
        (logs / f"{name}.log.1").write_text("older")
        then = time.time() - days * 86_400
        os.utime(logs / f"{name}.log.1", (then, then))
    looking = asyncio.create_task(supervisor_in(tmp_path)._keep_logs_small())
    await until(lambda: not (logs / "old.log").stat().st_size)
    await asyncio.sleep(0.02)
    looking.cancel()
    assert (logs / "old.log.1").read_text() == "old"
    assert (logs / "new.log").read_text() == "new"


class Ending:
    """A stand-in for a child: it ends at once, each time it is started, after it has `lived` that long."""

    def __init__(self, lived: list[float], ended: list[str] | None = None, name: str = "one") -> None:
        self.spec = good_spec(Path(), name)
        self.log, self.pid, self.since = Path(), os.getpid(), 0.0
        self._lived, self._ended = iter(lived), ended

    async def wait(self) -> int:
        if (lived := next(self._lived, None)) is None:
            raise asyncio.CancelledError
        self.since = time.monotonic() - lived
        return 1

    def spawn(self) -> bool:
        return True

    async def end(self) -> None:
        assert self._ended is not None
        self._ended.append(self.spec.name)


async def test_what_ends_again_and_again_is_started_ever_later_until_it_has_lived_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next launcher knows who to end, should this one be killed."""
    supervisor = supervisor_in(tmp_path)
    pauses: list[float] = []
    child = Ending([0.0] * 7 + [11.0, 9.0])
    supervisor._children = [child]  # type: ignore[list-item]

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await supervisor._keep(child)  # type: ignore[arg-type]
    assert pauses == [0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 0.2, 0.4]
    remembered = msgspec.json.decode(
        (tmp_path / "run" / "processes.json").read_bytes(), type=list[ProcessStamp]
    )
    assert remembered == [stamp_of(os.getpid())]


async def test_who_was_started_last_is_ended_first_and_nobody_is_started_again(tmp_path: Path) -> None:
    """So nothing new comes in: gates and site are the last to start, what they need is there to their end."""
    ended: list[str] = []
    told: list[str] = []
    supervisor = supervisor_in(tmp_path, told)
    supervisor._children = [Ending([0.0], ended, name) for name in ("signer", "site")]  # type: ignore[misc]
    await supervisor.stop()
    assert ended == ["site", "signer"]
    await supervisor._keep(supervisor._children[0])
    assert told == []


async def test_a_sign_of_life_of_somebody_else_makes_nobody_ready(tmp_path: Path) -> None:
    """A process that was killed leaves its own behind."""
    ready = shows_itself(tmp_path, "worker-*.json")
    (tmp_path / "worker-1.json").write_text('{"pid": 7}')
    (tmp_path / "worker-2.json").write_text('{"pid": ')
    assert (await ready(7), await ready(8)) == (True, False)
