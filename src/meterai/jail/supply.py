"""The processes of a pool: some that have read nothing, and those kept for one owner each.

No process ever reads files of two owners.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass

import structlog

from meterai.jail import frames
from meterai.jail.fork_server import START_SECONDS_MAX, ForkServer
from meterai.jail.frames import Dead
from meterai.jail.process import Process
from meterai.jail.walls.confinement import Confinement
from meterai.kernel.refusals import Kind, Refusal

log = structlog.get_logger(__name__)

_AGAIN_SECONDS_MAX = 16.0
_KEPT_SECONDS = 5.0
"""How long a process waits for the next job of its owner."""
_REAP_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for each process."""

    memory_bytes: int
    cpu_seconds: int
    first_user: int
    production: bool


class Supply:
    """Makes processes ahead, gives each to one owner, and ends it.

    `ahead` processes are ready, confined, and have read nothing. At most `kept_max` wait for the next job of
    their owner.
    """

    def __init__(self, tasks: list[str], limits: Limits, *, ahead: int, kept_max: int) -> None:
        self.tasks = tasks
        self._limits = limits
        self._ahead = ahead
        self._kept_max = kept_max
        self._ready: list[Process] = []
        self._kept: dict[Process, asyncio.TimerHandle] = {}
        """With the end of each, in the order in which they came back."""
        self._arrival = asyncio.Event()
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: list[Process] = []
        self._all_ended = asyncio.Event()
        self._all_ended.set()
        self._fork_server: ForkServer | None = None
        self._fork_server_starts = asyncio.Lock()
        self._is_started = False
        self._is_closed = False
        self._is_short = False
        """Whether the last try to start a process failed."""
        self.confinement: Confinement | None = None
        """The walls that the newest process reported."""

    @property
    def has_run_out(self) -> bool:
        """Whether no process is ready and the last try to start one failed."""
        return self._is_short and not any(process.is_alive() for process in self._ready)

    async def start(self) -> None:
        """Starts the processes and waits until the first is ready.

        Raises: RuntimeError if a task cannot be imported, or if production lacks a wall.
        """
        self._is_started = True
        self._ready.append(await self._spawn())
        for _ in range(self._ahead - 1):
            self._make_one_soon()

    async def take(self, owner: str) -> Process:
        """A process that has read files of this owner only, or none. Without an owner: none.

        A process that died while idle is not used. Its death says nothing about the next document.
        Raises: Refusal UNAVAILABLE `jail.unavailable`.
        """
        while True:
            process = self._kept_for(owner) or await self._take_ready()
            process.owner = owner
            if process.is_alive():
                return process
            log.warning("jail.died_idle")
            self.end(process)

    def give_back(self, process: Process, *, may_stay: bool) -> None:
        """Keeps the process for its owner for a while, or ends it."""
        outdated = process.copied_from is not self._fork_server
        if not (process.owner and may_stay) or outdated or self._is_closed:
            self.end(process)
            return
        if len(self._kept) >= self._kept_max:
            self.end(next(iter(self._kept)))
        loop = asyncio.get_running_loop()
        self._kept[process] = loop.call_later(_KEPT_SECONDS, self.end, process)

    def end(self, process: Process) -> None:
        """Ends a process."""
        if process in self._kept:
            self._kept.pop(process).cancel()
        process.kill()
        self._ending.append(process)
        if self._all_ended.is_set():
            self._all_ended.clear()
            asyncio.get_running_loop().call_later(_REAP_SECONDS, self._reap)

    async def give_up(self, server: ForkServer) -> None:
        """Discards the fork server; the next process is a copy of another one."""
        if self._fork_server is server:
            self._fork_server = None
        await server.end()

    async def close(self) -> None:
        """Ends every process."""
        self._is_closed = True
        for start in self._starting:
            start.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for process in [*self._ready, *self._kept]:
            self.end(process)
        self._ready.clear()
        await self._all_ended.wait()
        if self._fork_server is not None:
            await self._fork_server.end()

    def _kept_for(self, owner: str) -> Process | None:
        """The process that this owner used last."""
        mine = [process for process in self._kept if process.owner == owner]
        if mine:
            self._kept.pop(mine[-1]).cancel()
        return mine[-1] if mine else None

    async def _take_ready(self) -> Process:
        if not self._is_started:
            self._is_started = True
            for _ in range(self._ahead):
                self._make_one_soon()
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                while not self._ready:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            raise Refusal(Kind.UNAVAILABLE, "jail.unavailable") from None
        self._make_one_soon()
        return self._ready.pop()

    def _reap(self) -> None:
        """Lets the kernel forget the processes that have ended, and looks again if some have not."""
        self._ending = [process for process in self._ending if not process.has_ended()]
        if self._ending:
            asyncio.get_running_loop().call_later(_REAP_SECONDS, self._reap)
        else:
            self._all_ended.set()

    def _make_one_soon(self) -> None:
        if not self._is_closed:
            start = asyncio.create_task(self._make_one())
            self._starting.add(start)  # the event loop holds only a weak reference
            start.add_done_callback(self._starting.discard)

    async def _make_one(self) -> None:
        """Tries until a process is ready. Otherwise the pool would stay a process short."""
        pause = 0.5
        while True:
            try:
                process = await self._spawn()
                break
            except (OSError, RuntimeError) as error:
                self._is_short = True
                log.error("jail.start_failed", error=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _AGAIN_SECONDS_MAX)
        self._is_short = False
        self._ready.insert(0, process)
        self._arrival.set()

    async def _spawn(self) -> Process:
        process = await self._fork()
        try:
            await self._greet(process)
        except BaseException:
            self.end(process)
            raise
        return process

    async def _fork(self) -> Process:
        while True:
            server = await self._running_fork_server()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            making = asyncio.create_task(server.fork(theirs))
            try:
                return Process(await asyncio.shield(making), ours, server)
            except asyncio.CancelledError:
                with suppress(OSError, Dead):  # it is our child: it must be ended
                    self.end(Process(await making, ours, server))
                raise
            except (OSError, Dead) as error:
                ours.close()
                if server is not self._fork_server:  # given up meanwhile
                    continue
                await self.give_up(server)
                raise RuntimeError("a jail process could not be forked") from error
            finally:
                theirs.close()

    async def _running_fork_server(self) -> ForkServer:
        async with self._fork_server_starts:
            if self._fork_server is None:
                self._fork_server = await ForkServer.start(
                    self.tasks,
                    memory_bytes=self._limits.memory_bytes,
                    cpu_seconds=self._limits.cpu_seconds,
                    first_user=self._limits.first_user,
                )
            return self._fork_server

    async def _greet(self, process: Process) -> None:
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                hello = frames.decode(await process.receive(), frames.Hello)
        except (TimeoutError, OSError, Dead):
            raise RuntimeError("a jail process did not start") from None
        self.confinement = hello.confinement
        if missing := hello.confinement.missing():
            if self._limits.production:
                raise RuntimeError(
                    f"production refuses a PDF jail that this machine can't keep from: {', '.join(missing)}"
                )
            log.warning("jail.not_confined", reaches=missing, advice="not for files of strangers")
