"""Reports the number of a forbidden system call before the process ends.

The handler of SIGSYS may run in the middle of a parser, where neither Python nor the C library can be used.
So it is machine code: it writes a frame with the number on the socket to the pool, and makes a call at which
the filter ends the process by SIGSYS.
"""

from __future__ import annotations

import platform
import signal
import struct

from meterai.jail import frames
from meterai.jail.walls.kernel_calls import map_code, set_handler
from meterai.jail.walls.seccomp import LAST_CALL

WALL = 20
"""File descriptor of the socket to the pool in each jail process."""
_HEAD = frames.LENGTH.pack(6) + bytes((frames.FORBIDDEN, 0))
"""The beginning of the frame. The number follows: four bytes of siginfo_t.si_syscall, at its offset 24."""
_NUMBER_OFFSET, _NUMBER_BYTES = 24, 4


def report_forbidden_calls() -> None:
    """Installs the handler, for this process and its copies, if there is code for this machine."""
    make = {"x86_64": _x86_64, "aarch64": _aarch64}.get(platform.machine())
    if make is not None:
        set_handler(signal.SIGSYS, map_code(make()))


def _x86_64() -> bytes:
    write = b"\xb8\x01\x00\x00\x00\x0f\x05"  # mov eax, 1 (write); syscall
    first = b"\x49\x89\xf0"  # mov r8, rsi (the second argument: siginfo_t)
    rest = [
        b"\xbf" + _little(WALL),  # mov edi, WALL
        b"\xba" + _little(len(_HEAD)),  # mov edx, its length
        write,
        b"\x49\x8d\x70" + bytes((_NUMBER_OFFSET,)),  # lea rsi, [r8 + 24]
        b"\xba" + _little(_NUMBER_BYTES),  # mov edx, 4
        write,
        b"\xb8" + _little(LAST_CALL) + b"\x0f\x05",  # mov eax, LAST_CALL; syscall
        b"\x0f\x0b",  # ud2
    ]
    load_head = b"\x48\x8d\x35" + _little(sum(map(len, rest)))  # lea rsi, [rip + the rest]
    return b"".join([first, load_head, *rest, _HEAD])


def _aarch64() -> bytes:
    code = [
        0xAA0103E9,  # mov x9, x1 (the second argument: siginfo_t)
        _movz(0, WALL),
        0,  # adr x1, the head
        _movz(2, len(_HEAD)),
        _movz(8, 64),  # write
        0xD4000001,  # svc 0
        _movz(0, WALL),
        0x91000000 | _NUMBER_OFFSET << 10 | 9 << 5 | 1,  # add x1, x9, 24
        _movz(2, _NUMBER_BYTES),
        0xD4000001,
        _movz(8, LAST_CALL & 0xFFFF),
        0x72A00000 | (LAST_CALL >> 16) << 5 | 8,  # movk w8, the high half
        0xD4000001,
        0x00000000,  # udf 0
    ]
    code[2] = 0x10000000 | (len(code) - 2) << 5 | 1
    return struct.pack(f"<{len(code)}I", *code) + _HEAD


def _movz(register: int, value: int) -> int:
    """The instruction that sets a register of 32 bits to a value below 65536."""
    return 0x52800000 | value << 5 | register


def _little(value: int) -> bytes:
    return struct.pack("<i", value)
