"""The confined side: `python -m meterai.jail SOCKET PARENT MEMORY CPU TASK...`.

It imports its tasks once. For each socket that it receives, it forks a jail process (`fork_server` is the
other end). The jail process gives up every right that it does not need, sends its hello, and answers frames
until its socket closes.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec

from meterai.jail import confinement, frames
from meterai.jail.kernel_calls import CpuTimer, fork_beside
from meterai.kernel.refusals import Kind, Refusal

CALLS_MAX = 3_000
"""Depth of recursion. pyHanko needs two calls for each bookmark in a row: Python's own limit of 1,000 was
too small for 400 bookmarks. The stack holds far more."""


class Task:
    """One allowed function `(request: Struct) -> Struct`, and the type of its request."""

    def __init__(self, name: str) -> None:
        module, _, attribute = name.partition(":")
        self.function: Callable[[Any], Any] = getattr(importlib.import_module(module), attribute)
        hints = get_type_hints(self.function)
        hints.pop("return", None)
        (request_type,) = hints.values()
        self.decoder = msgspec.msgpack.Decoder(request_type)


def main(arguments: list[str]) -> None:
    handle, parent, memory_bytes, cpu_seconds = (int(text) for text in arguments[:4])
    confinement.die_with_parent(parent)
    orders = socket.socket(fileno=handle)
    sys.setrecursionlimit(CALLS_MAX)
    try:
        tasks = [Task(name) for name in arguments[4:]]
    except Exception as error:
        orders.send(msgspec.msgpack.encode(frames.Ready(error=repr(error))))
        return
    gc.collect()
    gc.freeze()  # what is imported stays; later collections look at the jobs' objects only
    orders.send(msgspec.msgpack.encode(frames.Ready()))
    while (wall := _next_wall(orders)) is not None:
        if (number := fork_beside()) == 0:
            orders.close()
            confinement.die_with_parent(parent)
            _work_until_it_ends(wall, tasks, memory_bytes, cpu_seconds)
            return
        wall.close()
        orders.send(frames.LENGTH.pack(number))


def _next_wall(orders: socket.socket) -> socket.socket | None:
    """The socket of a jail process; None if the pool is gone."""
    _, handles, _, _ = socket.recv_fds(orders, 1, 1)
    return socket.socket(fileno=handles[0]) if handles else None


def _work_until_it_ends(wall: socket.socket, tasks: list[Task], memory_bytes: int, cpu_seconds: int) -> None:
    statm = os.open("/proc/self/statm", os.O_RDONLY)  # proc(5); read after each job
    cpu_time = CpuTimer()
    _send(wall, msgspec.msgpack.encode(frames.Hello(confinement.confine(memory_bytes))))
    while (frame := _receive(wall)) is not None:
        cpu_time.wind_up(cpu_seconds)
        large = len(frame) > 1 << 20
        status, body = _work(tasks[frame[0]], frame)
        del frame
        if large:  # PDF object graphs are full of cycles; a large one must not wait for the collector
            gc.collect()
        _send(wall, bytes((status, _is_swollen(statm, memory_bytes))), body)


def _work(task: Task, frame: bytearray) -> tuple[int, bytes]:
    try:
        request = task.decoder.decode(memoryview(frame)[1:])
        return frames.DONE, msgspec.msgpack.encode(task.function(request))
    except Refusal as error:
        refusal = error
    except MemoryError:
        refusal = Refusal(Kind.INVALID, "pdf.too_heavy")
    except RecursionError:
        refusal = Refusal(Kind.INVALID, "pdf.too_complex", what="nesting")
    except Exception as error:
        # Whatever a parser raises on a stranger's file says that the file is broken, to us at least.
        refusal = Refusal(Kind.INVALID, "pdf.broken", detail=type(error).__name__)
    return frames.REFUSED, msgspec.msgpack.encode(frames.refusal_frame(refusal))


def _is_swollen(statm: int, memory_bytes: int) -> bool:
    """Whether the resident memory has grown too large. ru_maxrss would include the parent's, across exec."""
    resident_pages = int(os.pread(statm, 128, 0).split()[1])
    return resident_pages * resource.getpagesize() > memory_bytes // 2


def _send(wall: socket.socket, *parts: bytes) -> None:
    head = frames.LENGTH.pack(sum(map(len, parts)))
    for piece in frames.pieces(head + parts[0], *parts[1:]):
        wall.sendall(piece)


def _receive(wall: socket.socket) -> bytearray | None:
    head = _receive_exactly(wall, frames.LENGTH.size)
    return None if head is None else _receive_exactly(wall, frames.LENGTH.unpack(head)[0])


def _receive_exactly(wall: socket.socket, size: int) -> bytearray | None:
    buffer = bytearray(size)
    view = memoryview(buffer)
    while view:
        count = wall.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return buffer


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)
