"""Child processes on Linux: ending with their parent, finding left-over ones, free ports."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import platform
import secrets
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

_PR_SET_PDEATHSIG: Final = 1
_LISTENING_FROM: Final = 16_384
_SLICE_NS: Final = 12_000_000
"""So long a process works before another has its turn, where others wait; Linux gives 1.4 ms on two cores."""
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
"""Numbers of the system call, for which the C library has no function."""
_libc = ctypes.CDLL(None, use_errno=True)


def ending_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` after which the child gets `sign` when the parent's thread that made it ends.

    Anything that changes the child's user must come before it: the kernel forgets the wish then (prctl(2)).
    """
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


def be_a_batch() -> None:
    """This process and those it starts take the core from nobody when they wake (SCHED_BATCH, sched(7)), and
    are not taken off it for `_SLICE_NS` of work.

    The parts of the service wake each other all the time, a query's sender the server that answers it. Who
    takes the core at once finds the caches full of another's memory, and leaves them so (docs/decisions).
    """
    with contextlib.suppress(OSError):  # not allowed here: then as ever
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        _ask_for_slices(_SLICE_NS)


def _ask_for_slices(nanoseconds: int) -> None:
    """sched_setattr(2), of which older kernels than 6.12 ignore the slice; what is nice stays so."""
    call = _SCHED_SETATTR.get(platform.machine())
    if call is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_BATCH, 0, nice, 0, nanoseconds, 0, 0)
        _libc.syscall(call, 0, attributes, 0)


def processes_in(folder: Path, *, program: str) -> list[int]:
    """Ids of the processes that run a file named `program` with `folder` as their working directory.

    Processes that we may not look at are left out.
    """
    found = []
    wanted = os.path.realpath(folder)
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{entry}/cwd") != wanted:
                continue
            path = os.readlink(f"/proc/{entry}/exe").removesuffix(" (deleted)")
        except OSError:
            continue
        if os.path.basename(path) == program:
            found.append(int(entry))
    return found


@dataclass(slots=True)
class _Log:
    """A log as the process that was started with it has it, wherever its name leads meanwhile."""

    descriptor: int
    told: int = 0
    """So many of its bytes the name led to, or were written anew under it."""


_logs: dict[Path, _Log] = {}
"""Those that were opened here, by name."""
_at_logs = threading.Lock()


def open_log(path: Path) -> BinaryIO:
    """Where a process that is started writes to: its log; while that can't be opened a pipe, which leads
    there from when on it can. What it is there for does not wait until it can be told."""
    try:
        output = _open_to_append(path)
    except OSError:
        source, pipe = os.pipe()
        threading.Thread(target=_pass_on, args=(source, path), daemon=True).start()
        return open(pipe, "ab")
    with _at_logs:
        if (before := _logs.pop(path, None)) is not None:
            _follow(path, before)
            os.close(before.descriptor)
        if path.is_file():
            _logs[path] = _Log(os.dup(output.fileno()), path.stat().st_size)
    return output


def follow_logs(folder: Path) -> None:
    """Writes to the logs in `folder` what has been said since the last look where their names do not lead any
    more: somebody deleted or moved them, and the processes write on in what they opened.

    What was said before is left to whoever did so; what a deleted one takes of the disk is given back.
    """
    with _at_logs:
        for path, log in _logs.items():
            if path.parent == folder:
                _follow(path, log)


def _follow(path: Path, log: _Log) -> None:
    with contextlib.suppress(OSError):  # no room, or not ours to write: the next time
        held = os.fstat(log.descriptor)
        if not path.exists() or not os.path.samestat(held, path.stat()):
            start = log.told if log.told <= held.st_size else 0
            if said := os.pread(log.descriptor, held.st_size - start, start):
                with _open_to_append(path) as file:
                    file.write(said)
            if not held.st_nlink:
                os.ftruncate(log.descriptor, 0)
        log.told = os.fstat(log.descriptor).st_size


def _open_to_append(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("a+b")


def _pass_on(source: int, log: Path) -> None:
    """Until nobody writes any more. What comes while the log can't be written is lost."""
    with open(source, "rb", buffering=0) as pipe:
        while said := pipe.read(64 << 10):
            with contextlib.suppress(OSError), _open_to_append(log) as file:
                file.write(said)


def titles_of_children(pid: int) -> list[str]:
    """What the processes that one has started, and that are there yet, say that they are."""
    titles = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{entry}/stat").read_text()
            if stat.rpartition(")")[2].split()[1] == str(pid):  # the name in brackets may hold anything
                title, _, _ = Path(f"/proc/{entry}/cmdline").read_bytes().partition(b"\0")
                titles.append(title.decode(errors="replace"))
    return titles


def free_port(wanted: int = 0, *, host: str = "127.0.0.1") -> int:
    """`wanted` when nothing listens there, else a port that is free now (another may still take it).

    Never one of those that the kernel gives to outgoing connections (ip_local_port_range): between this look
    and the start of the listener such a port may become the near end of somebody's connection.
    """
    for candidate in chain((wanted,) if wanted else (), _listening_ports()):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {host}")


_PORT_TRIES = 100


def _listening_ports() -> Iterator[int]:
    """Any ports from 16,384 on, below the kernel's own range (from 32,768 unless the machine says else).

    Where that range leaves no room, 0: the kernel's choice.
    """
    try:
        end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        end = 0
    if end - _LISTENING_FROM < 1000:
        yield 0
        return
    for _ in range(_PORT_TRIES):
        yield _LISTENING_FROM + secrets.randbelow(end - _LISTENING_FROM)


class ProcessStamp(msgspec.Struct, frozen=True):
    """A process, told apart from a later one that got the same number."""

    pid: int
    started: str
    """Ticks since the machine started, from /proc/PID/stat."""
    boot: str
    """Of this start of the machine."""


def stamp_of(pid: int) -> ProcessStamp | None:
    """The stamp of a living process; None when there is none (a zombie counts as none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name in brackets may hold anything
    return None if fields[0] in "ZX" else ProcessStamp(pid, fields[19], boot)


def end_processes(stamps: Iterable[ProcessStamp], *, seconds: float) -> None:
    """Sends SIGTERM, waits up to `seconds`, then kills each that is left together with its process group."""
    alive = [stamp for stamp in stamps if stamp_of(stamp.pid) == stamp]
    for stamp in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stamp.pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while alive and time.monotonic() < deadline:
        time.sleep(0.02)
        alive = [stamp for stamp in alive if stamp_of(stamp.pid) == stamp]
    for stamp in alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(stamp.pid, signal.SIGKILL)
    while any(stamp_of(stamp.pid) == stamp for stamp in alive):
        time.sleep(0.02)


async def exit_of(pid: int) -> None:
    """Waits on a pidfd (pidfd_open(2)): nothing polls, nothing is reaped."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(pid)
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
