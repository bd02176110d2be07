"""Runs the process that has imported everything and read nothing. Every jail process is a copy of it.

Importing the parsers takes half a second of CPU time. A copy takes some milliseconds and shares the memory.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from typing import Self

from meterai.jail import frames
from meterai.jail.frames import Dead

START_SECONDS_MAX = 30.0
_FORK_SECONDS_MAX = 2.0
"""How long a fork may take."""
_LATE_SECONDS_MAX = 1.0
"""Grace for an answer that arrived while this process stood still and has not been read."""
FIRST_USER = 1_900_000_000
"""A jail process that root starts runs as this user plus its process number. Debian and systemd give out no
user from 1,879,048,192 on."""

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONNODEBUGRANGES": "1",
    # The allocator keeps what large files needed: fresh pages cost more than the work done on them.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(128 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # large pages: forks describe and end less memory
}

_READ_BY_TASKS = ("METERAI_STAMP_ARTWORK",)
"""Settings that name a file which tasks read before they are confined. None of them is a secret."""


class ForkServer:
    """A running `python -m meterai.jail`, and the socket on which it takes orders."""

    def __init__(self, child: subprocess.Popen[bytes], orders: socket.socket) -> None:
        self._child = child
        self._orders = orders
        self._turn = asyncio.Lock()

    @classmethod
    async def start(
        cls, tasks: Iterable[str], *, memory_bytes: int, cpu_seconds: int, first_user: int
    ) -> Self:
        """Waits until the tasks are imported. Raises: OSError, RuntimeError if they cannot be."""
        orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        orders.setblocking(False)
        with theirs:
            words = [theirs.fileno(), os.getpid(), memory_bytes, cpu_seconds, first_user, *tasks]
            child = _start(map(str, words), theirs.fileno())
        server = cls(child, orders)
        try:
            await server._wait_until_ready()
        except BaseException:
            await server.end()
            raise
        return server

    async def _wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                told = await asyncio.get_running_loop().sock_recv(self._orders, 1 << 16)
            ready = frames.decode(told, frames.Ready)
        except (TimeoutError, OSError, Dead):
            raise RuntimeError("a jail process did not start") from None
        if ready.error:
            raise RuntimeError(f"a jail process can't work: {ready.error}")

    async def fork(self, wall: socket.socket) -> int:
        """Forks a jail process, a child of this process, that works on the socket `wall`. Returns its number.

        Raises: OSError, TimeoutError, Dead.
        """
        async with self._turn:
            socket.send_fds(self._orders, [b"\0"], [wall.fileno()])
            told = await self._answer()
        if not told:
            raise Dead
        return int(frames.LENGTH.unpack(told)[0])

    async def _answer(self) -> bytes:
        """The answer to an order. Raises: OSError, TimeoutError."""
        asking = asyncio.get_running_loop().sock_recv(self._orders, frames.LENGTH.size)
        told = asyncio.ensure_future(asking)
        try:
            for seconds in (_FORK_SECONDS_MAX, _LATE_SECONDS_MAX):
                await asyncio.wait({told}, timeout=seconds)
                if told.done():
                    return told.result()
        finally:
            told.cancel()
        raise TimeoutError

    async def end(self) -> None:
        """Ends the fork server. The jail processes that it forked go on."""
        self._child.kill()
        async with self._turn:  # a fork under way ends now; it still waits on the socket
            self._orders.close()
        await asyncio.to_thread(self._child.wait)


def _start(words: Iterable[str], handle: int) -> subprocess.Popen[bytes]:
    """Starts the program without asyncio, whose way takes as long and never ends when it is cancelled."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "meterai.jail", *words],
        pass_fds=(handle,),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _environment() -> dict[str, str]:
    """Clean: no database address, no key, no proxy reaches the jail."""
    return _ENVIRONMENT | {name: os.environ[name] for name in _READ_BY_TASKS if name in os.environ}
