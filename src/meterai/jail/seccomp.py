"""A seccomp filter: forbidden system calls return EPERM (seccomp(2)). It needs no privilege.

The filter is classic BPF over `struct seccomp_data`: number at 0, architecture at 4, arguments from 16 on.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterable

from meterai.jail import system_calls
from meterai.jail.kernel_calls import prctl

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_NUMBERS = 0x40000000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_LOAD, EQUAL, _AT_LEAST, ANY_BIT, _GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_calls() -> None:
    """Forbids system calls that a parser never needs, for the rest of this process's life.

    Files open for reading only. Signals and limits reach this process only.
    Raises: OSError if the kernel or the architecture has no filter.
    """
    column, architecture = _architecture()
    own = (os.getpid(),)
    forbidden = [numbers[column] for numbers in system_calls.FORBIDDEN.values() if numbers[column] >= 0]
    install(
        [
            *check_architecture(architecture),
            *refuse_by_argument(system_calls.OPEN[column], 1, ANY_BIT, (_WRITING,), passing=True),
            *refuse_by_argument(system_calls.OPENAT[column], 2, ANY_BIT, (_WRITING,), passing=True),
            *refuse_by_argument(system_calls.KILL[column], 0, EQUAL, own, passing=False),
            *refuse_by_argument(system_calls.TGKILL[column], 0, EQUAL, own, passing=False),
            *refuse_by_argument(system_calls.PRLIMIT[column], 0, EQUAL, (0, *own), passing=False),
            *refuse_numbers(forbidden),
        ]
    )


def install(steps: Iterable[bytes]) -> None:
    """Installs a filter for this process and its future children. A call that no step refuses is allowed.

    Raises: OSError.
    """
    program = b"".join([*steps, _step(_GIVE, 0, 0, _ALLOW)])
    buffer = ctypes.create_string_buffer(program, len(program))
    descriptor = _Program(len(program) // 8, ctypes.addressof(buffer))
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(descriptor))


def refuse_numbers(numbers: Iterable[int]) -> list[bytes]:
    """Steps that return EPERM for each of these numbers and go on otherwise. They load the number again."""
    steps = [_step(_LOAD, 0, 0, 0)]
    for number in numbers:
        steps += [_step(EQUAL, 0, 1, number), _step(_GIVE, 0, 0, _REFUSE)]
    return steps


def _architecture() -> tuple[int, int]:
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        raise OSError(f"no table of system calls for {platform.machine()}")
    return known


def check_architecture(architecture: int) -> list[bytes]:
    """Steps that refuse 32-bit calls and x32 numbers, which the list would not catch."""
    return [
        _step(_LOAD, 0, 0, 4),
        _step(EQUAL, 1, 0, architecture),
        _step(_GIVE, 0, 0, _KILL),
        _step(_LOAD, 0, 0, 0),
        _step(_AT_LEAST, 0, 1, _X32_NUMBERS),
        _step(_GIVE, 0, 0, _REFUSE),
    ]


def refuse_by_argument(
    number: int, argument: int, test: int, values: tuple[int, ...], *, passing: bool
) -> list[bytes]:
    """Steps that judge call `number` by the low half of one of its arguments. Other calls go on.

    The call is refused if the argument passes `test` with one of the values. With `passing=False` it is
    refused if the argument passes with none of them.
    """
    if number < 0:
        return []
    tests = [_step(test, len(values) - place, 0, value) for place, value in enumerate(values)]
    passed, failed = (_REFUSE, _ALLOW) if passing else (_ALLOW, _REFUSE)
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
