"""A task that tries what a jail process must not be able to do: for the tests and for `meterai check`."""

from __future__ import annotations

import os
import socket
import tempfile
import time

import msgspec


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to try besides: use memory, time, or end the process."""

    allocate_bytes: int = 0
    sleep_seconds: float = 0.0
    burn_seconds: float = 0.0
    abort: bool = False


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the process can reach."""

    can_connect: bool
    can_start_programs: bool
    can_write_files: bool
    environment: list[str]
    process: int


def probe(request: ProbeRequest) -> ProbeResult:
    """Tries each thing and tells."""
    if request.abort:
        os.abort()
    held = bytearray(request.allocate_bytes)
    time.sleep(request.sleep_seconds)
    end = time.process_time() + request.burn_seconds
    while time.process_time() < end:
        pass
    del held
    return ProbeResult(
        can_connect=_can_connect(),
        can_start_programs=_can_start_programs(),
        can_write_files=_can_write_files(),
        environment=sorted(os.environ),
        process=os.getpid(),
    )


def _can_connect() -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
            probe_socket.connect(("192.0.2.1", 9))  # documentation address (RFC 5737): no packet is sent
    except OSError:
        return False
    return True


def _can_start_programs() -> bool:
    try:
        child = os.posix_spawn("/bin/true", ["true"], {})
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    except OSError:
        return False


def _can_write_files() -> bool:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
    except OSError:
        return False
    return True
