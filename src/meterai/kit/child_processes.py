"""Child processes on Linux: they end with their parent and are found again later; free ports."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

_PR_SET_PDEATHSIG: Final = 1
_LISTENING_FROM: Final = 16_384
_libc = ctypes.CDLL(None, use_errno=True)


def ending_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child `sign` when the thread that started it ends (prctl(2)).

    A change of the child's user must come first: the kernel forgets the request then.
    """
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


def processes_in(folder: Path, *, program: str) -> list[int]:
    """Ids of the processes that run a file named `program` with `folder` as their working directory.

    Leaves out processes that we have no right to look at.
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


def open_log(path: Path) -> BinaryIO:
    """Opens the log of a process that is started; /dev/null while the log can't be written.

    A process does its work even where nobody can read about it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.open("ab")
    except OSError:
        return open(os.devnull, "ab")


def titles_of_children(pid: int) -> list[str]:
    """The titles of the living children of a process."""
    titles = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{entry}/stat").read_text()
            if stat.rpartition(")")[2].split()[1] == str(pid):  # the name in brackets may hold anything
                title, _, _ = Path(f"/proc/{entry}/cmdline").read_bytes().partition(b"\0")
                titles.append(title.decode(errors="replace"))
    return titles


def free_port(wanted: int = 0, *, host: str = "127.0.0.1") -> int:
    """Returns `wanted` when nothing listens there, else a port that is free now. Another may still take it.

    It is never a port that the kernel gives to outgoing connections (ip_local_port_range). Such a port may be
    taken by a connection before the listener starts.
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
    """Random ports from 16,384 on, below the kernel's range for outgoing connections (usually from 32,768).

    0, the kernel's choice, where that range leaves no room.
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
    """Identifies a process. A later process with the same number has another stamp."""

    pid: int
    started: str
    """Ticks since the machine started, from /proc/PID/stat."""
    boot: str
    """Changes with each start of the machine."""


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
    """Waits until a process has ended, without polling or reaping it (pidfd_open(2))."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    handle = os.pidfd_open(pid)
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
