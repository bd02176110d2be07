"""What a jail process gives up before it reads the first byte of a stranger's file (Linux).

Limits are lifted into the kernel: a compression bomb ends the process, not the machine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# Audit architecture and the numbers of the calls a parser never needs: sockets, programs, tracing, mounts.
_FORBIDDEN_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 49, 50, 53, 57, 58, 59, 62, 101, 165, 272, 308, 310, 311, 322, 425)),
    "aarch64": (0xC00000B7, (198, 199, 200, 201, 203, 221, 281, 117, 129, 40, 97, 268, 270, 271, 425)),
}


def die_with_parent(parent: int) -> None:
    """Asks the kernel to kill this process when the one that started it ends; a last look closes the race."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def limit_resources(memory_bytes: int) -> None:
    """Address space, open files, written files and core dumps. CPU time is raised job by job."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    _prctl(_PR_SET_DUMPABLE, 0)


def allow_cpu(seconds: int) -> None:
    """Lets this process use `seconds` more of CPU time (RLIMIT_CPU counts its whole life)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (total, resource.RLIM_INFINITY))


def cut_network() -> bool:
    """Leaves the network: an empty network namespace where the kernel grants one, and a seccomp filter.

    Returns whether at least one of the two holds.
    """
    namespace = _enter_empty_network()
    return _filter_calls() or namespace


def _enter_empty_network() -> bool:
    try:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    except (OSError, AttributeError):
        return False
    return True


def _prctl(option: int, value: int, pointer: object = 0) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, ctypes.c_ulong(value), pointer, 0, 0) == 0)


def _filter_calls() -> bool:
    """A seccomp filter that answers EPERM to every forbidden call (seccomp(2)); needs no privilege."""
    table = _FORBIDDEN_CALLS.get(platform.machine())
    if table is None:
        return False
    program = _filter_program(*table)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    descriptor = Program(len(program) // 8, ctypes.addressof(buffer))
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1) and _prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(descriptor)
    )


def _filter_program(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Classic BPF: load the architecture, then the number; jump to the refusal when it is in the list."""

    def step(code: int, true: int, false: int, value: int) -> bytes:
        return struct.pack("HBBI", code, true, false, value)

    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    steps = [
        step(load, 0, 0, 4),
        step(equal, 1, 0, architecture),
        step(give, 0, 0, kill),
        step(load, 0, 0, 0),
        step(at_least, len(calls) + 1, 0, 0x40000000),  # the x32 numbers would slip past the list
    ]
    steps += [step(equal, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    return b"".join([*steps, step(give, 0, 0, allow), step(give, 0, 0, refuse)])
