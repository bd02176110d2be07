"""A seccomp filter: system calls that are not allowed end the process (seccomp(2)). It needs no privilege.

The filter is classic BPF over `struct seccomp_data`: number at 0, architecture at 4, arguments from 16 on.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import platform
import signal
import struct
from collections.abc import Iterable
from functools import cache

from meterai.jail.walls import system_calls
from meterai.jail.walls.kernel_calls import prctl

LAST_CALL = 0x3FFFFFFF
"""A number that no call has. The filter ends the process by SIGSYS at once, without another report."""
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_NUMBERS = 0x40000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TERMINAL_QUESTION = 0x5401  # TCGETS: Python asks it of each file that it opens
_CLOSE_ON_EXEC = 0x5451  # FIOCLEX

_LOAD, _AND, EQUAL, _AT_LEAST, ANY_BIT, _GIVE = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_TRAP = 0x00030000
"""SIGSYS: its handler reports the call's number (`last_words`). Without a handler the process ends."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def allow_needed_calls() -> None:
    """Allows the system calls that a parser needs, and no other, for the rest of this process's life.

    Raises: OSError if the kernel or the architecture has no filter.
    """
    install(needed_calls(os.getpid()))


@cache
def needed_calls(own: int) -> bytes:
    """The filter's program for the process with the number `own`, as it sees it. Raises: OSError."""
    column, architecture = _architecture()
    plain = [numbers[column] for numbers in system_calls.ALLOWED.values() if numbers[column] >= 0]
    return b"".join(
        [
            *check_architecture(architecture),
            *_judge(plain, _ALLOW),
            *_without_bits(system_calls.OPENAT[column], 2, _WRITING),
            *_never_both(system_calls.MMAP[column], 2, mmap.PROT_WRITE | mmap.PROT_EXEC),
            *_without_bits(system_calls.MPROTECT[column], 2, mmap.PROT_EXEC),
            *_without_bits(system_calls.SENDTO[column], 5, 0xFFFFFFFF),  # to the other end and nowhere else
            *_only(system_calls.IOCTL[column], 1, _TERMINAL_QUESTION, _CLOSE_ON_EXEC),
            *_only(system_calls.FCNTL[column], 1, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL),
            *_only(system_calls.TGKILL[column], 0, own),
            *_only(system_calls.PRLIMIT64[column], 0, 0, own),
            *refuse_by_argument(
                system_calls.RT_SIGACTION[column], 0, EQUAL, (signal.SIGSYS,), passing=True, refusal=_TRAP
            ),
            *_judge([LAST_CALL], _KILL),
            _step(_GIVE, 0, 0, _TRAP),
        ]
    )


def install(program: bytes) -> None:
    """Installs a filter for this process and its future children. Raises: OSError."""
    buffer = ctypes.create_string_buffer(program, len(program))
    descriptor = _Program(len(program) // 8, ctypes.addressof(buffer))
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(descriptor))


def _judge(numbers: Iterable[int], verdict: int) -> list[bytes]:
    """Steps that give a verdict on each of these numbers and go on otherwise. They load the number again."""
    steps = [_step(_LOAD, 0, 0, 0)]
    for number in numbers:
        steps += [_step(EQUAL, 0, 1, number), _step(_GIVE, 0, 0, verdict)]
    return steps


def _architecture() -> tuple[int, int]:
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        raise OSError(f"no table of system calls for {platform.machine()}")
    return known


def check_architecture(architecture: int) -> list[bytes]:
    """Steps that end the process at 32-bit calls and x32 numbers, which mean other calls."""
    return [
        _step(_LOAD, 0, 0, 4),
        _step(EQUAL, 1, 0, architecture),
        _step(_GIVE, 0, 0, _KILL),
        _step(_LOAD, 0, 0, 0),
        _step(_AT_LEAST, 0, 1, _X32_NUMBERS),
        _step(_GIVE, 0, 0, _TRAP),
    ]


def _without_bits(number: int, argument: int, bits: int) -> list[bytes]:
    return refuse_by_argument(number, argument, ANY_BIT, (bits,), passing=True, refusal=_TRAP)


def _never_both(number: int, argument: int, bits: int) -> list[bytes]:
    """Steps that trap call `number` if its argument has all these bits."""
    return [
        _step(_LOAD, 0, 0, 0),
        _step(EQUAL, 0, 5, number),
        _step(_LOAD, 0, 0, 16 + 8 * argument),
        _step(_AND, 0, 0, bits),
        _step(EQUAL, 0, 1, bits),
        _step(_GIVE, 0, 0, _TRAP),
        _step(_GIVE, 0, 0, _ALLOW),
    ]


def _only(number: int, argument: int, *values: int) -> list[bytes]:
    return refuse_by_argument(number, argument, EQUAL, values, passing=False, refusal=_TRAP)


def refuse_by_argument(
    number: int, argument: int, test: int, values: tuple[int, ...], *, passing: bool, refusal: int = _REFUSE
) -> list[bytes]:
    """Steps that judge call `number` by the low half of one of its arguments. Other calls go on.

    The call is refused if the argument passes `test` with one of the values. With `passing=False` it is
    refused if the argument passes with none of them.
    """
    tests = [_step(test, len(values) - place, 0, value) for place, value in enumerate(values)]
    passed, failed = (refusal, _ALLOW) if passing else (_ALLOW, refusal)
    return [
        _step(_LOAD, 0, 0, 0),
        _step(EQUAL, 0, len(tests) + 3, number),
        _step(_LOAD, 0, 0, 16 + 8 * argument),
        *tests,
        _step(_GIVE, 0, 0, failed),
        _step(_GIVE, 0, 0, passed),
    ]


def _step(code: int, true: int, false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, true, false, value)
