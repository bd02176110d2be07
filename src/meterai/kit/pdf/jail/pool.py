"""The side of the jail that asks: a pool of confined processes, each replaced when it breaks a limit."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine

import msgspec
import structlog

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.pdf.jail import frames
from meterai.kit.pdf.jail.confinement import Confinement
from meterai.kit.pdf.jail.frames import Dead
from meterai.kit.pdf.jail.kernel_calls import cpu_seconds_of

log = structlog.get_logger(__name__)

JOBS_WAITING_MAX = 200
_START_SECONDS_MAX = 30.0
_AGAIN_SECONDS_MAX = 16.0
_JOBS_MAX = 10_000
"""A process is replaced after so many jobs: parsers leak, and a taken-over one should not stay."""
_OWN_DOING = {
    signal.SIGPROF,  # CPU time; the others are crashes, or what seccomp does to a foreign architecture
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE),
    signal.SIGSYS,
}
"""Signals that a file can bring upon the process that works on it."""
_DEATH_SECONDS_MAX = 1.0
_LATE_SECONDS_MAX = 1.0
"""For an answer that has arrived while this process stood still too, and is not read yet."""
_STANDSTILL = 0.05
"""A process that had less than this part of its time on a processor stands still."""

_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONNODEBUGRANGES": "1",
    # The allocator keeps what large files needed: fresh pages cost more than the work done on them.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(128 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}


class _Process:
    """One jail process and the socket to it."""

    def __init__(self, child: subprocess.Popen[bytes], wall: socket.socket) -> None:
        self.child = child
        self.wall = wall
        self.jobs = 0

    async def receive(self) -> bytearray:
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
            count = await loop.sock_recv_into(self.wall, view)
            if not count:
                raise Dead
            view = view[count:]
        return buffer

    async def exchange(self, task: int, body: bytes) -> bytearray:
        loop = asyncio.get_running_loop()
        self.jobs += 1
        for piece in frames.pieces(frames.LENGTH.pack(len(body) + 1) + bytes((task,)), body):
            await loop.sock_sendall(self.wall, piece)
        return await self.receive()

    def is_alive(self) -> bool:
        """Whether the other end is open. A process may die while it waits: the kernel kills the largest."""
        try:
            return bool(self.wall.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def was_killed(self) -> bool:
        """Whether somebody else ended it: the kernel, short of memory, or an operator. Ask before `end`."""
        try:
            status = await asyncio.to_thread(self.child.wait, _DEATH_SECONDS_MAX)
        except subprocess.TimeoutExpired:  # it lives: its end of the socket is closed, or it talks nonsense
            return False
        return status < 0 and -status not in _OWN_DOING

    async def end(self) -> None:
        self.wall.close()
        self.child.kill()
        await asyncio.to_thread(self.child.wait)  # the kernel takes a while to free a gigabyte


class _Killed(Exception):
    """Not by the document: see `_Process.was_killed`."""


class _StoodStill(Exception):
    """Nor by the document: stopped, or on a machine that stood still. See `JailPool._answer`."""


class JailPool:
    """Runs tasks in confined processes.

    `tasks` is the list of allowed functions, `module:function`, each taking and giving one msgspec Struct.
    `slots` jobs run at once; one more process is kept warm, so that a killed one is missed by nobody, unless
    `spare=False`: a command that ends soon has no use for it.
    `production=True` refuses to start where files, network or other processes can't be kept from it.
    Without `start` the processes start with the first job.
    """

    def __init__(
        self,
        tasks: list[str],
        *,
        slots: int = 1,
        spare: bool = True,
        memory_bytes: int = 1 << 30,
        cpu_seconds: int = 8,
        wall_seconds: float = 20.0,
        waiting_max: int = JOBS_WAITING_MAX,
        production: bool = False,
    ) -> None:
        self._tasks = {name: number for number, name in enumerate(tasks)}
        self._processes = slots + spare
        self._memory_bytes = memory_bytes
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._waiting_max = waiting_max
        self._production = production
        self._turns = asyncio.Semaphore(slots)  # first come, first served
        self._waiting = 0
        self._idle: list[_Process] = []
        self._arrival = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._is_started = False
        self._closed = False
        self.confinement: Confinement | None = None
        """What the process started last said that holds for it; None before `start`."""

    async def start(self) -> None:
        """Starts the processes and waits until the first stands.

        Raises: RuntimeError when it can't: a task that can't be imported, or no isolation in production.
        """
        self._is_started = True
        self._idle.append(await self._spawn())
        for _ in range(self._processes - 1):
            self._replace_soon()

    async def run[Result](self, task: str, request: msgspec.Struct, result_type: type[Result]) -> Result:
        """Runs one task on one request.

        Raises: Refusal as the task raised it; INVALID `pdf.broken` for any other error of the task; INVALID
        `pdf.too_heavy` when a limit of memory or CPU time was broken, `jail.killed` when the process that
        worked on it and the next one were killed by others; BUSY `jail.busy` when too many wait; UNAVAILABLE
        `jail.unavailable` when no process can be started, or the machine gave the job too little CPU time.
        """
        number = self._tasks[task]
        if self._waiting >= self._waiting_max:
            raise Refusal(Kind.BUSY, "jail.busy")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            body = msgspec.msgpack.encode(request)  # a copy, which nobody keeps who waits
            answer = await self._run_in_turn(number, body, result_type)
        finally:
            self._turns.release()
        if isinstance(answer, frames.RefusalFrame):
            raise answer.to_refusal()
        return answer

    async def close(self) -> None:
        """Ends every process; jobs under way are refused."""
        self._closed = True
        for job in list(self._background):
            job.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        while self._idle:
            await self._idle.pop().end()

    async def _run_in_turn[Result](
        self, number: int, body: bytes, result_type: type[Result]
    ) -> Result | frames.RefusalFrame:
        """A process that others killed or held up says nothing against the document: another one tries, once.

        It has one stretch of wall time and not two, for somebody waits.
        """
        try:
            return await self._attempt(number, body, result_type, stretches=2)
        except _Killed:
            log.warning("jail.killed")
            killed = True
        except _StoodStill:
            killed = False
        try:
            return await self._attempt(number, body, result_type, stretches=1)
        except _Killed:
            log.warning("jail.killed_again")
            if killed:  # perhaps it needs more memory than there is: it may not come back for ever
                raise Refusal(Kind.INVALID, "jail.killed") from None
        except _StoodStill:
            pass
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")

    async def _attempt[Result](
        self, number: int, body: bytes, result_type: type[Result], *, stretches: int
    ) -> Result | frames.RefusalFrame:
        process = await self._take()
        try:
            answer, swollen = await self._ask(process, number, body, result_type, stretches)
        except BaseException:  # also when cancelled, in the middle of a job nobody waits for
            self._discard(process)
            raise
        if swollen or process.jobs >= _JOBS_MAX or self._closed:
            self._discard(process)
        else:
            self._idle.append(process)
            self._arrival.set()
        return answer

    async def _ask[Result](
        self, process: _Process, number: int, body: bytes, result_type: type[Result], stretches: int
    ) -> tuple[Result | frames.RefusalFrame, bool]:
        """The answer, and whether the process wants to be replaced. Raises: Refusal, _Killed, _StoodStill."""
        try:
            reply = await self._answer(process, number, body, stretches)
            return frames.read_reply(reply, result_type), bool(reply[1])
        except (OSError, Dead) as error:
            if await process.was_killed():
                raise _Killed from None
            broken = type(error).__name__
        log.warning("jail.limit_broken", what=broken, status=process.child.returncode, job=process.jobs)
        raise Refusal(Kind.INVALID, "pdf.too_heavy")

    async def _answer(self, process: _Process, number: int, body: bytes, stretches: int) -> bytearray:
        """What the process says within one stretch of wall time, or the next if it works through the first.

        A job that takes too much work meets the limit of CPU time. Who meets that of wall time was given too
        little of it: the machine stood still, or has too much to do.

        Raises: OSError, Dead; _StoodStill; Refusal UNAVAILABLE `jail.unavailable`.
        """
        used = cpu_seconds_of(process.child.pid)
        asked = asyncio.create_task(process.exchange(number, body))
        try:
            for _ in range(stretches):
                await asyncio.wait({asked}, timeout=self._wall_seconds)
                if not asked.done():
                    await asyncio.wait({asked}, timeout=_LATE_SECONDS_MAX)
                if asked.done():
                    return asked.result()
                before, used = used, cpu_seconds_of(process.child.pid)
                log.warning("jail.slow", cpu_seconds=round(used - before, 2), job=process.jobs)
                if used - before < _STANDSTILL * self._wall_seconds:
                    raise _StoodStill
        finally:
            if asked.cancel():
                await asyncio.gather(asked, return_exceptions=True)
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")

    async def _take(self) -> _Process:
        """The warmest idle process. There is one for each turn, so this waits only after a kill: for its
        successor or, where none can be started, for another that comes back.

        One that died while idle is replaced and not used: it says nothing against the next document.
        """
        if not self._is_started:
            self._is_started = True
            for _ in range(self._processes):
                self._replace_soon()
        while True:
            if not self._idle:
                await self._wait_for_arrival()
            process = self._idle.pop()
            if process.is_alive():
                return process
            log.warning("jail.died_idle")
            self._discard(process)

    async def _wait_for_arrival(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS_MAX):
                while not self._idle:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            raise Refusal(Kind.UNAVAILABLE, "jail.unavailable") from None

    def _discard(self, process: _Process) -> None:
        self._in_background(process.end())
        self._replace_soon()

    def _replace_soon(self) -> None:
        if not self._closed:
            self._in_background(self._replace())

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        job: asyncio.Task[None] = asyncio.create_task(work)
        self._background.add(job)
        job.add_done_callback(self._background.discard)

    async def _replace(self) -> None:
        """Tries until a process stands: the pool would be a process short for ever."""
        pause = 0.5
        while True:
            try:
                process = await self._spawn()
                break
            except (OSError, RuntimeError) as error:
                log.error("jail.start_failed", error=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _AGAIN_SECONDS_MAX)
        self._idle.insert(0, process)
        self._arrival.set()

    async def _spawn(self) -> _Process:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            child = self._start_child(theirs.fileno())
        finally:
            theirs.close()
        process = _Process(child, ours)
        try:
            await self._greet(process)
        except BaseException:
            await process.end()
            raise
        return process

    def _start_child(self, wall: int) -> subprocess.Popen[bytes]:
        """Not asyncio's way, which takes as long and never ends when it is cancelled meanwhile."""
        command = ["-P", "-m", "meterai.kit.pdf.jail", wall, os.getpid(), self._memory_bytes]
        command += [self._cpu_seconds, *self._tasks]
        return subprocess.Popen(
            [sys.executable, *map(str, command)],
            pass_fds=(wall,),
            env=_ENVIRONMENT,  # clean: no database address, no key, no proxy reaches the jail
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def _greet(self, process: _Process) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS_MAX):
                hello = frames.decode(await process.receive(), frames.Hello)
        except (TimeoutError, OSError, Dead):
            raise RuntimeError("a jail process did not start") from None
        if hello.error:
            raise RuntimeError(f"a jail process can't work: {hello.error}")
        self.confinement = hello.confinement
        if missing := hello.confinement.missing():
            if self._production:
                raise RuntimeError(
                    f"production refuses a PDF jail that this machine can't keep from: {', '.join(missing)}"
                )
            log.warning("jail.not_confined", reaches=missing, advice="not for files of strangers")
