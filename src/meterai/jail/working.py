"""The life of a jail process: confine itself, then answer frames until its socket closes."""

from __future__ import annotations

import gc
import os
import resource
import socket
from typing import NoReturn

import msgspec

from meterai.jail import frames
from meterai.jail.tasks import Task
from meterai.jail.walls.confinement import Walls
from meterai.jail.walls.kernel_calls import CpuTimer

_LARGE_BYTES = 1 << 20
_GROWTH_BYTES_MAX = 64 << 20
"""A process that has grown by more is not kept for its owner's next job."""


def work_until_it_ends(wall: socket.socket, walls: Walls, tasks: list[Task], cpu_seconds: int) -> NoReturn:
    """Works on frames from `wall`, behind the walls. Never returns."""
    number, statm = walls.open_own("statm")
    cpu_time = CpuTimer()
    confinement = walls.confine(number)
    at_first = _resident_bytes(statm)
    _send(wall, msgspec.msgpack.encode(frames.Hello(confinement)))
    large = False
    while (frame := _receive(wall)) is not None:
        cpu_time.wind_up(cpu_seconds)
        if large:  # PDF object graphs are full of cycles; a large one must not wait for the collector
            gc.collect()
        large = len(frame) > _LARGE_BYTES
        status, body = tasks[frame[0]].work(frame)
        del frame
        has_grown = _resident_bytes(statm) - at_first > _GROWTH_BYTES_MAX
        _send(wall, bytes((status, has_grown)), body)
    os._exit(0)


def _resident_bytes(statm: int) -> int:
    """The resident memory (proc(5)). ru_maxrss would include the parent's."""
    return int(os.pread(statm, 128, 0).split()[1]) * resource.getpagesize()


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
