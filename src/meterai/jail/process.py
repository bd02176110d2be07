"""One jail process as its pool sees it: a child process and the socket to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress

from meterai.jail import frames
from meterai.jail.fork_server import ForkServer
from meterai.jail.frames import Dead
from meterai.jail.walls.kernel_calls import cpu_seconds_of

CRASHES = {
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE),
    signal.SIGSYS,  # a system call that seccomp does not allow
}
"""Deaths after which the fork server is replaced. All its copies have the same memory addresses, and a
file that guesses them must not get a second guess."""
_DEATH_SECONDS_MAX = 1.0


class Process:
    """One jail process, a child of this process, and the socket to it."""

    def __init__(self, number: int, wall: socket.socket, copied_from: ForkServer) -> None:
        self.number = number
        self.copied_from = copied_from
        self.owner = ""
        """The person's thing whose files it has read, such as the id of an order."""
        self.jobs = 0
        self.status: int | None = None
        """Exit status, or a signal as a negative number. None: it has not ended as far as we know."""
        self._wall = wall
        self._cpu_seconds = 0.0

    async def receive(self) -> bytearray:
        """Reads a frame. Raises: OSError, Dead."""
        head = await self._receive_exactly(frames.LENGTH.size)
        size = frames.LENGTH.unpack(head)[0]
        if not 1 <= size <= frames.FRAME_BYTES_MAX:
            raise Dead
        return await self._receive_exactly(size)

    async def _receive_exactly(self, size: int) -> bytearray:
        loop = asyncio.get_running_loop()
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            count = await loop.sock_recv_into(self._wall, view)
            if not count:
                raise Dead
            view = view[count:]
        return buffer

    async def exchange(self, task: int, body: bytes) -> bytearray:
        """Sends a request and reads the reply. Raises: OSError, Dead."""
        loop = asyncio.get_running_loop()
        self.jobs += 1
        for piece in frames.pieces(frames.LENGTH.pack(len(body) + 1) + bytes((task,)), body):
            await loop.sock_sendall(self._wall, piece)
        return await self.receive()

    def cpu_seconds(self) -> float:
        """CPU time that it has used so far, also after its end."""
        if self.status is None:
            with suppress(OSError):  # it may have ended where nobody keeps its status
                self._cpu_seconds = cpu_seconds_of(self.number)
        return self._cpu_seconds

    def is_alive(self) -> bool:
        """Whether the other end is open. A process may die while it waits, for instance when memory is
        short."""
        try:
            return bool(self._wall.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def was_killed(self) -> bool:
        """Whether somebody else ended it: the kernel when memory was short, or an operator. Ask before
        `kill`."""
        for _ in range(100):  # one that lives has closed its end of the socket, or talks nonsense
            if self.has_ended():
                break
            await asyncio.sleep(_DEATH_SECONDS_MAX / 100)
        return self.status is not None and self.status < 0 and -self.status not in CRASHES

    def has_crashed(self) -> bool:
        """Whether it ended as a process does that is being taken over."""
        return self.status is not None and -self.status in CRASHES

    def has_ended(self) -> bool:
        """Whether it has ended. Its number is free afterwards."""
        if self.status is None:
            try:
                number, status, used = os.wait4(self.number, os.WNOHANG)
            except ChildProcessError:  # where SIGCHLD is ignored the kernel keeps no status
                self.status = 0
                return True
            if number:
                self.status = os.waitstatus_to_exitcode(status)
                self._cpu_seconds = used.ru_utime + used.ru_stime
        return self.status is not None

    def kill(self) -> None:
        """Begins its end. `has_ended` must be asked until it says so: the kernel takes a while."""
        self._wall.close()
        if not self.has_ended():
            os.kill(self.number, signal.SIGKILL)
