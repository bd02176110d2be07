"""Runs the processes of one installation: starts them, starts a dead one again, stops them in reverse order.

Nothing outlives the launcher. Each child gets SIGTERM when the launcher dies (prctl(2), PR_SET_PDEATHSIG).
The next launcher finds what a killed one left behind, by its start time, and ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from meterai.kit.child_processes import (
    ProcessStamp,
    end_processes,
    ending_with_parent,
    exit_of,
    open_log,
    stamp_of,
)
from meterai.kit.files.atomic_write import write_whole

Ready = Callable[[int], Awaitable[bool]]
Report = Callable[[str], None]

_LOG_BYTES_MAX = 8 << 20
_LOOK_AT_LOGS_SECONDS = 10.0
_BACKOFF_SECONDS = (0.2, 10.0)
_HEALTHY_SECONDS = 10.0
_STOP_SECONDS = 8.0
_LONG_SECONDS = 20.0
"""After this time the person who waits is told for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A process: how it is started, and how it shows that it is ready."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Ready
    """Called every 20 ms with the process id while it starts; True when others may use it."""
    ready_seconds_max: float = 240.0
    """A small machine takes a minute when it is busy or has read nothing from its disk yet."""


class _SignOfLife(msgspec.Struct):
    pid: int = 0


class StartFailed(RuntimeError):
    """A process ended or didn't get ready while starting; the text names it and shows its last messages."""


class Supervisor:
    """The children of one launcher.

    `logs`: folder of one file per process, each kept below 16 MiB, no line for more than `log_days`. `run`:
    folder that remembers the children for the next launcher. `report`: takes one line per problem, for the
    person who started us.
    """

    def __init__(self, *, logs: Path, run: Path, report: Report, log_days: int = 90) -> None:
        self._logs = logs
        self._turn_over_after_s = log_days * 86_400 / 2  # a line is in a log, and then as long in its .log.1
        self._memory = run / "processes.json"
        self._report = report
        self._children: list[_Child] = []
        self._stopping = False

    def end_left_over(self) -> None:
        """Ends what a killed launcher left behind. Blocks for some seconds at most."""
        try:
            left_over = msgspec.json.decode(self._memory.read_bytes(), type=list[ProcessStamp])
        except (FileNotFoundError, msgspec.DecodeError):
            return
        end_processes(left_over, seconds=_STOP_SECONDS)
        self._memory.unlink(missing_ok=True)

    async def start(self, specs: Sequence[Spec]) -> None:
        """Starts these processes side by side. Returns when all are ready.

        Raises: StartFailed for the first that does not get ready; the others run until `stop`.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        for log in self._logs.glob("*.log"):
            if not _older_part(log).exists():
                _older_part(log).touch()  # from now on its age counts
        children = [_Child(spec, self._logs / f"{spec.name}.log") for spec in specs]
        self._children += children
        for child in children:
            child.spawn()
        self._remember()
        await asyncio.gather(*(child.until_ready(self._report) for child in children))

    async def watch(self) -> None:
        """Restarts every process that ends, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for child in self._children:
                tasks.create_task(self._keep(child))
            tasks.create_task(self._keep_logs_small())

    async def stop(self) -> None:
        """Ends the processes in reverse order. Each gets time to finish its work."""
        self._stopping = True
        for child in reversed(self._children):
            await child.end()
        self._memory.unlink(missing_ok=True)

    async def _keep(self, child: _Child) -> None:
        pause, most = _BACKOFF_SECONDS
        while True:
            code = await child.wait()
            if self._stopping:
                return
            lived = time.monotonic() - child.since
            pause = _BACKOFF_SECONDS[0] if lived > _HEALTHY_SECONDS else min(pause * 2, most)
            how = signal.Signals(-code).name if code < 0 else f"exit {code}"
            self._report(f"{child.spec.name} ended ({how}), starting it again; see {child.log}")
            await asyncio.sleep(pause)
            await self._spawn_again(child)
            with contextlib.suppress(OSError):  # a full disk: the process still ends with the launcher
                self._remember()

    async def _spawn_again(self, child: _Child) -> None:
        """Tries until the process has started: memory or disk may be short for a while."""
        while True:
            try:
                if not child.spawn():
                    self._report(f"{child.spec.name} goes on without a log: {child.log} can't be written")
            except (OSError, subprocess.SubprocessError) as error:
                self._report(f"{child.spec.name} can't be started ({error}), trying again")
                await asyncio.sleep(_BACKOFF_SECONDS[1])
            else:
                return

    async def _keep_logs_small(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AT_LOGS_SECONDS)
            for log in self._logs.glob("*.log"):
                with contextlib.suppress(OSError):  # no room for the copy: the next time
                    if log.stat().st_size > _LOG_BYTES_MAX or _is_older(log, self._turn_over_after_s):
                        await asyncio.to_thread(_turn_over, log)

    def _remember(self) -> None:
        stamps = [stamp for child in self._children if (stamp := stamp_of(child.pid))]
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._memory, msgspec.json.encode(stamps), durable=False)


class _Child:
    """A process and those that replace it."""

    def __init__(self, spec: Spec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.since = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def spawn(self) -> bool:
        """Starts it. Returns whether its log can be written. Raises: OSError, subprocess.SubprocessError."""
        with open_log(self.log) as output:
            self._process = subprocess.Popen(
                self.spec.argv,
                env=dict(self.spec.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is for the launcher alone
                preexec_fn=ending_with_parent(signal.SIGTERM),
            )
        self.since = time.monotonic()
        return output.name == str(self.log)

    async def until_ready(self, report: Report) -> None:
        began, told = time.monotonic(), False
        while not await self.spec.ready(self.pid):
            code = self._process.poll() if self._process else 0
            if code is not None:
                raise StartFailed(f"{self.spec.name} ended while starting ({code}).{self._last_lines()}")
            waited = time.monotonic() - began
            if waited > self.spec.ready_seconds_max:
                raise StartFailed(
                    f"{self.spec.name} did not get ready in {waited:.0f} s. Start again when the machine has "
                    f"less to do; if it stays so, its log may say why.{self._last_lines()}"
                )
            if waited > _LONG_SECONDS and not told:
                report(f"{self.spec.name} is not ready after {_LONG_SECONDS:.0f} s, waiting for it")
                told = True
            await asyncio.sleep(0.02)

    async def wait(self) -> int:
        """Waits until it and all that it started have ended. Returns its exit status."""
        process = self._process
        assert process is not None
        if process.returncode is None:
            await exit_of(process.pid)
            if process.returncode is None:  # not reaped yet: its id is not given to another process
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    async def end(self) -> None:
        """SIGTERM, time to finish, then SIGKILL."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.wait()
        except TimeoutError:
            process.kill()
            await self.wait()

    def _last_lines(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log.read_bytes()[-4000:].decode(errors="replace").splitlines()[-8:]
            return "".join(f"\n  {line}" for line in lines) + f"\n  (all of it: {self.log})"
        return ""


def _older_part(log: Path) -> Path:
    return log.with_suffix(".log.1")


def _is_older(log: Path, seconds: float) -> bool:
    """Whether a log was turned over before that. False: it never was."""
    older = _older_part(log)
    return older.exists() and time.time() - older.stat().st_mtime > seconds


def _turn_over(log: Path) -> None:
    """Copies a log to .log.1 and empties it. The process keeps the file open and appends."""
    shutil.copyfile(log, _older_part(log))
    os.truncate(log, 0)


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line of one of our own processes."""
    return [sys.executable, "-m", module, *arguments]


async def needs_no_wait(pid: int) -> bool:
    """Ready as soon as it is started: no other process uses it."""
    return True


def accepts_tcp(host: str, port: int) -> Ready:
    """Ready when something accepts connections there."""

    async def ready(pid: int) -> bool:
        try:
            async with asyncio.timeout(1):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return ready


def accepts_unix(path: Path) -> Ready:
    """Ready when something accepts connections at a unix socket, whose path may be long."""

    async def ready(pid: int) -> bool:
        try:
            folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        except OSError:
            return False
        try:
            async with asyncio.timeout(1):
                _, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
        except (OSError, TimeoutError):
            return False
        finally:
            os.close(folder)
        writer.close()
        return True

    return ready


def shows_itself(folder: Path, pattern: str) -> Ready:
    """Ready when a JSON file in `folder` that matches `pattern` holds the process's id as `pid`."""

    async def ready(pid: int) -> bool:
        for path in list(folder.glob(pattern)):  # noqa: ASYNC240 - a handful of names
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                if msgspec.json.decode(path.read_bytes(), type=_SignOfLife).pid == pid:
                    return True
        return False

    return ready
