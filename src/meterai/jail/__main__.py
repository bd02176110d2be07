"""The confined side: `python -m meterai.jail SOCKET PARENT MEMORY CPU FIRST_USER TASK...`.

It imports its tasks once and builds the walls that its copies share. For each socket that it receives, it
forks a jail process (`fork_server` is the other end). The jail process gives up every right that it does not
need, sends its hello, and answers frames until its socket closes.
"""

from __future__ import annotations

import fcntl
import gc
import os
import socket
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

import msgspec

from meterai.jail import frames
from meterai.jail.tasks import Task
from meterai.jail.walls import confinement
from meterai.jail.walls.immortal import make_all_immortal
from meterai.jail.walls.kernel_calls import (
    collect_in_large_pages,
    fork_beside,
    give_back_free_memory,
    make_room_for_callbacks,
)
from meterai.jail.walls.last_words import WALL, report_forbidden_calls
from meterai.jail.working import work_until_it_ends

CALLS_MAX = 3_000
"""Depth of recursion. pyHanko needs two calls for each bookmark in a row: Python's own limit of 1,000 was
too small for 400 bookmarks. The stack holds far more."""


class _Unused(ModuleType):
    """Stands for a library that pyHanko imports and the jail never uses. Each of its names is a class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def main(arguments: list[str]) -> None:
    handle, parent, memory_bytes, cpu_seconds, first_user = (int(text) for text in arguments[:5])
    confinement.die_with_parent(parent)
    orders = socket.socket(fileno=fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, WALL + 1))
    os.close(handle)
    sys.setrecursionlimit(CALLS_MAX)
    sys.dont_write_bytecode = True
    sys.modules["aiohttp"] = _Unused("aiohttp")  # a fifth of the memory that each fork has to describe
    try:
        tasks = [Task(name) for name in arguments[5:]]
        for task in tasks:
            task.warm_up()
    except Exception as error:
        orders.send(msgspec.msgpack.encode(frames.Ready(error=repr(error))))
        return
    with suppress(OSError):
        report_forbidden_calls()
    make_room_for_callbacks()
    _fix_objects()
    give_back_free_memory()
    collect_in_large_pages()
    walls = confinement.Walls(first_user, memory_bytes)
    confinement.die_with_parent(parent)  # once more: a change of user has ended it
    _fix_objects()
    orders.send(msgspec.msgpack.encode(frames.Ready()))
    while (wall := _next_wall(orders)) is not None:
        if (number := _fork()) == 0:
            orders.close()
            work_until_it_ends(wall, walls, tasks, cpu_seconds)
        wall.close()
        orders.send(frames.LENGTH.pack(number))


def _fix_objects() -> None:
    """Arranges the objects that there are, so that copies write nothing to them."""
    gc.collect()
    make_all_immortal()
    gc.freeze()  # later collections look at the jobs' objects only


def _next_wall(orders: socket.socket) -> socket.socket | None:
    """The socket of a jail process; None if the pool is gone."""
    _, handles, _, _ = socket.recv_fds(orders, 1, 1)
    if not handles:
        return None
    os.dup2(handles[0], WALL, inheritable=False)
    os.close(handles[0])
    return socket.socket(fileno=WALL)


def _fork() -> int:
    """Forks into a new PID namespace if this machine allows that. Containers refuse with different errors."""
    with suppress(OSError):
        return fork_beside(own_pids=True)
    return fork_beside(own_pids=False)


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)
