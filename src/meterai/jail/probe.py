"""A task that tries what a jail process must not be able to do, and reports what worked.

The tests also run it outside the jail. There everything must work, or its silence inside proves nothing.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

_NUMBERS = 1 << 15


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to try, on things of the test; and using memory, using time, or ending the process."""

    attempts: list[str] = []
    """Names of what to try (`attempt_names`)."""
    files: list[str] = []
    """Files to read."""
    folders: list[str] = []
    """Folders to list."""
    unix_sockets: list[str] = []
    tcp_port: int = 0
    """A listening port of 127.0.0.1 to connect to."""
    process: int = 0
    """Another process, to signal, trace and read."""
    allocate_bytes: int = 0
    sleep_seconds: float = 0.0
    burn_seconds: float = 0.0
    abort: bool = False
    calls: int = 0
    """Depth of nested calls."""
    remember: str = ""
    """Text that a process that was taken over keeps of one file, to spoil the next."""


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the process was able to do."""

    process: int
    """Its number as it sees it."""
    user: int
    remembered: list[str]
    environment: list[str]
    managed: list[str]
    """Sorted names of what worked: `connect_udp`, `read /path`, `fork`, ..."""


_remembered: list[str] = []


def probe(request: ProbeRequest) -> ProbeResult:
    """Tries each thing and reports."""
    if request.abort:
        os.abort()
    _call(request.calls)
    held = bytearray(request.allocate_bytes)
    time.sleep(request.sleep_seconds)
    end = time.process_time() + request.burn_seconds
    while time.process_time() < end:
        pass
    del held
    known = list(_remembered)
    _remembered.extend([request.remember] if request.remember else [])
    attempts = _attempts(request)
    return ProbeResult(
        process=os.getpid(),
        user=os.getuid(),
        remembered=known,
        environment=sorted(os.environ),
        managed=sorted(name for name in request.attempts if _manages(attempts[name])),
    )


def probe_apart(request: ProbeRequest) -> ProbeResult:
    """The same as a task of its own."""
    return probe(request)


def attempt_names(request: ProbeRequest) -> list[str]:
    """What can be tried on the things of a request."""
    return list(_attempts(request))


def _call(calls: int) -> None:
    if calls:
        _call(calls - 1)


def _attempts(request: ProbeRequest) -> dict[str, Callable[[], object]]:
    attempts: dict[str, Callable[[], object]] = {
        "connect_udp": lambda: _connect_udp("192.0.2.1"),  # RFC 5737: for documentation; no packet is sent
        "start_program": _start_program,
        "fork": _fork,
        "start_thread": _start_thread,
        "write_file": _write_file,
        "open_for_writing": lambda: os.close(os.open("/dev/null", os.O_WRONLY)),
        "list /proc": lambda: os.listdir("/proc/self"),
        "make_code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
        "see_others": _see_others,
        "raise_memory_limit": _raise_memory_limit,
    }
    attempts |= {f"read {path}": lambda path=path: Path(path).read_bytes() for path in request.files}  # type: ignore[misc]
    attempts |= {f"list {path}": lambda path=path: os.listdir(path) for path in request.folders}  # type: ignore[misc]
    attempts |= {f"connect {path}": lambda path=path: _connect_unix(path) for path in request.unix_sockets}  # type: ignore[misc]
    if request.tcp_port:
        attempts["connect_tcp"] = lambda: socket.create_connection(("127.0.0.1", request.tcp_port), 2).close()
    if request.process:
        attempts["signal"] = lambda: os.kill(request.process, signal.SIGCONT)
        attempts["limit_other"] = lambda: resource.prlimit(request.process, resource.RLIMIT_NOFILE)
        attempts["read_environment"] = lambda: Path(f"/proc/{request.process}/environ").read_bytes()
        attempts["trace"] = lambda: _trace(request.process)
    # The last, because it costs the rights that others need.
    return attempts | {"enter_namespace": lambda: os.unshare(os.CLONE_NEWUSER)}


def _manages(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, RuntimeError, ValueError):  # RuntimeError: no thread; ValueError: a limit
        return False
    return True


def _connect_udp(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        probe_socket.connect((address, 9))


def _connect_unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe_socket:
        probe_socket.connect(path)


def _see_others() -> None:
    """Finds the process group of another process (getpgid(2)), as any process may that sees it."""
    for number in range(1, _NUMBERS):
        if number != os.getpid():
            with suppress(ProcessLookupError):
                os.getpgid(number)
                return
    raise ProcessLookupError("alone")


def _start_program() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError("it did not run")


def _fork() -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _start_thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _write_file() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        file.flush()


def _raise_memory_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_AS, (hard * 2, hard * 2))


def _trace(process: int) -> None:
    """PTRACE_ATTACH and PTRACE_DETACH (ptrace(2)). A process that can be traced can be read and changed."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, process, None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    time.sleep(0.05)  # it must have stopped before it can be let go
    libc.ptrace(17, process, None, None)
