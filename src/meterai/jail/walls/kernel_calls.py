"""Calls the kernel through the C library where Python has no function (Linux)."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import struct
import time

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc_in_turn = ctypes.PyDLL(None, use_errno=True)
"""The same, without releasing Python's global lock."""
_libc_in_turn.syscall.restype = ctypes.c_long

_MACHINE = os.uname().machine
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE_PARENT = 0x8000
_CLONE_NEWPID = 0x20000000
_LARGE_PAGE = 2 << 20
_MADV_COLLAPSE = 25
_FAILED = ctypes.c_void_p(-1).value
_SA_SIGINFO = 4
_CALLBACKS = 500
"""PDFium gets some callbacks for each document with a form."""
_libc.signal.restype = ctypes.c_void_p
_libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
_SIGEVENT_BYTES = 64
"""sigevent(3type): 8 bytes of value, the signal, the way of notification (0: by signal), padding."""

Argument = int | bytes | ctypes.Array[ctypes.c_char] | None


def system_call(number: int, *arguments: Argument) -> int:
    """Calls the kernel by number. Raises: OSError."""
    return _checked(_libc.syscall(ctypes.c_long(number), *map(_as_c, arguments)))


def prctl(option: int, value: int, pointer: object = None) -> None:
    """prctl(2). Raises: OSError."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2). Raises: OSError."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _checked(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def unmount(target: str, flags: int) -> None:
    """umount2(2). Raises: OSError."""
    _checked(_libc.umount2(os.fsencode(target), flags))


def cpu_seconds_of(process: int) -> float:
    """CPU time that a process has used so far (clock_getcpuclockid(3)).

    /proc is not used, because it may hide processes. Raises: OSError.
    """
    clock = ctypes.c_int()
    if error := _libc.clock_getcpuclockid(process, ctypes.byref(clock)):
        raise OSError(error, os.strerror(error))
    return time.clock_gettime(clock.value)


def fork_beside(*, own_pids: bool) -> int:
    """Forks a sibling: a copy of this process with the same parent (clone(2), CLONE_PARENT).

    Returns 0 in the copy and the copy's number here. The parent waits for the copy, not this process. With
    `own_pids` the copy is the first process of a new PID namespace: it sees no other process.
    What Python and the C library do around a fork is for programs with several threads. It is left out, so
    this process must have one thread only. Raises: OSError; KeyError on an unknown architecture.
    """
    flags = _CLONE_PARENT | signal.SIGCHLD | (_CLONE_NEWPID if own_pids else 0)
    words = (_CLONE[_MACHINE], flags, 0, 0, 0, 0)
    return int(_checked(int(_libc_in_turn.syscall(*map(ctypes.c_long, words)))))


def exit_on_signal(number: int) -> None:
    """Ends this process with the signal's number as its exit status when the signal comes.

    The first process of a PID namespace ignores signals that it does not handle. The handler is _exit(2)
    itself, so it also works in the middle of a parser.
    """
    if _libc.signal(number, _libc._exit) == _FAILED:
        raise OSError(ctypes.get_errno(), "signal")


def map_code(code: bytes) -> int:
    """Maps machine code where it can be run and not be changed. Returns its address. Raises: OSError."""
    handle = os.memfd_create("code")
    try:
        os.write(handle, code)
        size = mmap.PAGESIZE
        address = _libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE, handle, 0)
    finally:
        os.close(handle)
    if address == _FAILED:
        raise OSError(ctypes.get_errno(), "mmap")
    return int(address)


def set_handler(number: int, address: int) -> None:
    """Makes the code at `address` the handler of a signal; it also gets siginfo_t (sigaction(2)).

    Raises: OSError.
    """
    _checked(_libc.sigaction(number, struct.pack("@P128siP", address, bytes(128), _SA_SIGINFO, 0), None))


def make_room_for_callbacks() -> None:
    """Makes ctypes map the memory for callbacks of C code into Python. A jail process may not map it."""
    callback = ctypes.CFUNCTYPE(None)
    kept = [callback(int) for _ in range(_CALLBACKS)]
    kept.clear()


def give_back_free_memory() -> None:
    """Gives free memory of the allocator back to the kernel (malloc_trim(3)): forks copy its description."""
    _libc.malloc_trim(0)


def collect_in_large_pages() -> None:
    """Moves this process's own memory into large pages where whole ones fit (madvise(2), MADV_COLLAPSE).

    Forks copy one entry for each. Kernels before 6.1 refuse, and everything stays as it is.
    """
    with open("/proc/self/maps") as maps:
        areas = [line.split() for line in maps]
    for area, rights, _, _, _, *name in areas:
        if rights == "rw-p" and name in ([], ["[heap]"]):
            begin, end = (int(text, 16) for text in area.split("-"))
            for place in range(-(-begin // _LARGE_PAGE) * _LARGE_PAGE, end - _LARGE_PAGE + 1, _LARGE_PAGE):
                _libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(_LARGE_PAGE), _MADV_COLLAPSE)


class CpuTimer:
    """Sends SIGPROF to this process when it has used a given CPU time (timer_create(2)).

    The timer counts exactly what was used. ITIMER_PROF and RLIMIT_CPU do not fit: where the kernel counts in
    ticks, the process that runs at a tick pays all of it, up to half more than it used. RLIMIT_CPU also
    counts the whole life of the process. Raises: OSError.
    """

    def __init__(self) -> None:
        event = bytes(8) + struct.pack("ii", signal.SIGPROF, 0)
        self._timer = ctypes.c_void_p()
        _checked(
            _libc.timer_create(
                time.CLOCK_PROCESS_CPUTIME_ID, event.ljust(_SIGEVENT_BYTES, b"\0"), ctypes.byref(self._timer)
            )
        )

    def wind_up(self, seconds: int) -> None:
        """Sets the CPU time that is left from now on (timer_settime(2))."""
        _checked(_libc.timer_settime(self._timer, 0, struct.pack("qqqq", 0, 0, seconds, 0), None))

    def left(self) -> float:
        """CPU seconds that are left (timer_gettime(2))."""
        told = ctypes.create_string_buffer(32)
        _checked(_libc.timer_gettime(self._timer, told))
        seconds, nanoseconds = struct.unpack_from("qq", told.raw, 16)
        return float(seconds + nanoseconds / 1e9)


def _as_c(value: Argument) -> object:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
