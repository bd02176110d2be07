"""The side of the jail that asks: a pool of confined processes. A process that breaks a limit is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import structlog

from meterai.jail import frames
from meterai.jail.confinement import Confinement
from meterai.jail.cpu_budgets import CpuBudgets
from meterai.jail.fork_server import START_SECONDS_MAX, ForkServer
from meterai.jail.frames import Dead
from meterai.jail.kernel_calls import cpu_seconds_of
from meterai.jail.lanes import SHORT_CPU_SECONDS, GaveWay, Lanes
from meterai.kernel.refusals import Kind, Refusal

log = structlog.get_logger(__name__)

JOBS_WAITING_MAX = 200
_AGAIN_SECONDS_MAX = 16.0
_JOBS_MAX = 10_000
"""A process is replaced after this number of jobs, because parsers leak and a taken-over process should
not stay."""
_CRASHES = {
    *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE),
    signal.SIGSYS,  # what seccomp does to a foreign architecture
}
"""Deaths after which the fork server is replaced. All its copies have the same memory addresses, and a
file that guesses them must not get a second guess."""
_OWN_DOING = {signal.SIGPROF, *_CRASHES}  # SIGPROF: CPU time
"""Signals that a file can cause in the process that works on it."""
_DEATH_SECONDS_MAX = 1.0
_LATE_SECONDS_MAX = 1.0
"""Grace for an answer that arrived while this process was stopped and has not been read."""
_LOOK_SECONDS = 0.1
"""How often a job that gives way is looked at."""
_STANDSTILL = 0.05
"""A process that had less than this share of its time on a processor was held up."""


class _Process:
    """One jail process, a child of this process, and the socket to it."""

    def __init__(self, number: int, wall: socket.socket, copied_from: ForkServer) -> None:
        self.number = number
        self.wall = wall
        self.copied_from = copied_from
        self.jobs = 0
        self.status: int | None = None
        """Exit status, or a signal as a negative number. None: it has not ended as far as we know."""
        self._cpu_seconds = 0.0

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
            return bool(self.wall.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def was_killed(self) -> bool:
        """Whether somebody else ended it: the kernel when memory was short, or an operator. Ask before
        `end`."""
        for _ in range(100):  # one that lives has closed its end of the socket, or talks nonsense
            if self._has_ended():
                break
            await asyncio.sleep(_DEATH_SECONDS_MAX / 100)
        return self.status is not None and self.status < 0 and -self.status not in _OWN_DOING

    def _has_ended(self, how: int = os.WNOHANG) -> bool:
        if self.status is None:
            try:
                number, status, used = os.wait4(self.number, how)
            except ChildProcessError:  # where SIGCHLD is ignored the kernel keeps no status
                self.status = 0
                return True
            if number:
                self.status = os.waitstatus_to_exitcode(status)
                self._cpu_seconds = used.ru_utime + used.ru_stime
        return self.status is not None

    async def end(self) -> None:
        self.wall.close()
        if not self._has_ended():
            os.kill(self.number, signal.SIGKILL)
            await asyncio.to_thread(self._has_ended, 0)  # the kernel takes a while to free a gigabyte


@dataclass(frozen=True, slots=True)
class _Job:
    """One task on one request."""

    task: int
    body: bytes
    spent: Callable[[float], None]
    gives_way: bool
    """It ends when it has used the time of a short job and others wait (`lanes`)."""


class _Killed(Exception):
    """The process was killed, but not because of the document (see `_Process.was_killed`)."""


class _StoodStill(Exception):
    """The process was stopped or its machine stood still; the document is not the cause (see
    `JailPool._answer`)."""


class JailPool:
    """Runs tasks in confined processes.

    `tasks` lists the allowed functions as `module:function`. Each takes and returns one msgspec Struct.
    `slots` jobs run at once, in the turns of their callers (`lanes`). One more process is kept for the long
    lane and to replace a killed one, unless `spare=False`, which suits a short command. `budgets`: the CPU
    time that networks may use; pools may share it. `production=True` refuses to start if files, network or
    other processes are not protected. Without `start` the processes start with the first job. They are copies
    of one process that has imported the tasks (`fork_server`).
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
        budgets: CpuBudgets | None = None,
    ) -> None:
        self._tasks = {name: number for number, name in enumerate(tasks)}
        self._processes = slots + spare
        self._memory_bytes = memory_bytes
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._production = production
        self._lanes = Lanes(slots, waiting_max=waiting_max, has_long=spare, budgets=budgets)
        self._idle: list[_Process] = []
        self._arrival = asyncio.Event()
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._fork_server: ForkServer | None = None
        self._fork_server_starts = asyncio.Lock()
        self._is_started = False
        self._closed = False
        self.confinement: Confinement | None = None
        """The walls that the newest process reported; None before `start`."""

    async def start(self) -> None:
        """Starts the processes and waits until the first is ready.

        Raises: RuntimeError if a task cannot be imported, or if production lacks a wall.
        """
        self._is_started = True
        self._idle.append(await self._spawn())
        for _ in range(self._processes - 1):
            self._replace_soon()

    async def run[Result](
        self,
        task: str,
        request: msgspec.Struct,
        result_type: type[Result],
        *,
        spent: Callable[[float], None] = lambda _seconds: None,
    ) -> Result:
        """Runs one task on one request.

        `spent` is called with the CPU seconds of each process that worked on it: once as a rule, twice if
        another process had to take over. It is called also if the job is refused or cancelled.

        Raises: Refusal as the task raised it; INVALID `pdf.broken` for any other error of the task; INVALID
        `pdf.too_heavy` if a limit of memory or CPU time was broken, now or by the same bytes before; INVALID
        `jail.killed` if others killed two processes in a row; BUSY `jail.busy` if too many wait; BUSY
        `jail.budget_spent` if the caller's network has used too much CPU time; UNAVAILABLE `jail.unavailable`
        if no process can be started, or if the machine gave the job too little CPU time.
        """
        number = self._tasks[task]

        async def work(gives_way: bool, count: Callable[[float], None]) -> Result:
            def note(seconds: float) -> None:
                spent(seconds)
                count(seconds)

            body = msgspec.msgpack.encode(request)  # a copy, which nobody keeps who waits
            answer = await self._run_in_turn(_Job(number, body, note, gives_way), result_type)
            if isinstance(answer, frames.RefusalFrame):
                raise answer.to_refusal()
            return answer

        return await self._lanes.run(task, request, work)

    async def close(self) -> None:
        """Ends every process. Jobs under way are refused."""
        self._closed = True
        for start in self._starting:
            start.cancel()
        await asyncio.gather(*self._starting, *self._ending, return_exceptions=True)
        while self._idle:
            await self._idle.pop().end()
        if self._fork_server is not None:
            await self._fork_server.end()

    async def _run_in_turn[Result](
        self, job: _Job, result_type: type[Result]
    ) -> Result | frames.RefusalFrame:
        """Runs the job, and once more if the first process was killed or held up by others.

        Both share one limit of wall time, because somebody waits.
        """
        try:
            return await self._attempt(job, result_type, stretches=2)
        except _Killed:
            log.warning("jail.killed")
            killed = True
        except _StoodStill:
            killed = False
        try:
            return await self._attempt(job, result_type, stretches=1)
        except _Killed:
            log.warning("jail.killed_again")
            if killed:  # perhaps it needs more memory than there is: it may not come back for ever
                raise Refusal(Kind.INVALID, "jail.killed") from None
        except _StoodStill:
            pass
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")

    async def _attempt[Result](
        self, job: _Job, result_type: type[Result], *, stretches: int
    ) -> Result | frames.RefusalFrame:
        process = await self._take()
        before = process.cpu_seconds()
        try:
            answer, swollen = await self._ask(process, job, result_type, stretches)
        except BaseException:  # also when cancelled, in the middle of a job nobody waits for
            self._discard(process)
            raise
        finally:
            job.spent(process.cpu_seconds() - before)
        outdated = process.copied_from is not self._fork_server
        if swollen or outdated or process.jobs >= _JOBS_MAX or self._closed:
            self._discard(process)
        else:
            self._idle.append(process)
            self._arrival.set()
        return answer

    async def _ask[Result](
        self, process: _Process, job: _Job, result_type: type[Result], stretches: int
    ) -> tuple[Result | frames.RefusalFrame, bool]:
        """Reads the answer, and whether the process wants to be replaced. Raises: Refusal, _Killed,
        _StoodStill."""
        try:
            reply = await self._answer(process, job, stretches)
            return frames.read_reply(reply, result_type), bool(reply[1])
        except (OSError, Dead) as error:
            if await process.was_killed():
                raise _Killed from None
            broken = type(error).__name__
            if -(process.status or 0) in _CRASHES:
                await self._give_up(process.copied_from)
        log.warning("jail.limit_broken", what=broken, status=process.status, job=process.jobs)
        raise Refusal(Kind.INVALID, "pdf.too_heavy")

    async def _answer(self, process: _Process, job: _Job, stretches: int) -> bytearray:
        """Reads a reply within one period of wall time, or two if the process makes progress.

        A job that takes too much work meets the limit of CPU time first. Reaching the limit of wall time
        means that the job got too little CPU time: the machine stood still or is overloaded.

        Raises: OSError, Dead; _StoodStill; Refusal UNAVAILABLE `jail.unavailable`.
        """
        began = used = process.cpu_seconds()
        asked = asyncio.create_task(process.exchange(job.task, job.body))
        try:
            for _ in range(stretches):
                await self._wait(asked, process, began if job.gives_way else None)
                if not asked.done():
                    await asyncio.wait({asked}, timeout=_LATE_SECONDS_MAX)
                if asked.done():
                    return asked.result()
                before, used = used, process.cpu_seconds()
                log.warning("jail.slow", cpu_seconds=round(used - before, 2), job=process.jobs)
                if used - before < _STANDSTILL * self._wall_seconds:
                    raise _StoodStill
        finally:
            if asked.cancel():
                await asyncio.gather(asked, return_exceptions=True)
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")

    async def _wait(
        self, asked: asyncio.Task[bytearray], process: _Process, gives_way_since: float | None
    ) -> None:
        """Waits for a period of wall time at most.

        `gives_way_since`: the CPU seconds of the process when it began a job that gives way. Raises: GaveWay.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wall_seconds
        while not asked.done() and (left := end - loop.time()) > 0:
            if gives_way_since is None:
                await asyncio.wait({asked}, timeout=left)
                return
            await asyncio.wait({asked}, timeout=min(left, _LOOK_SECONDS))
            used = process.cpu_seconds() - gives_way_since
            if used >= SHORT_CPU_SECONDS and self._lanes.somebody_waits and not asked.done():
                raise GaveWay

    async def _take(self) -> _Process:
        """Takes the idle process that was used last. Waits only after a kill, for a replacement or another
        process.

        A process that died while idle is replaced and not used. Its death says nothing about the next
        document.
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
            async with asyncio.timeout(START_SECONDS_MAX):
                while not self._idle:
                    self._arrival.clear()
                    await self._arrival.wait()
        except TimeoutError:
            raise Refusal(Kind.UNAVAILABLE, "jail.unavailable") from None

    def _discard(self, process: _Process) -> None:
        _keep(asyncio.create_task(process.end()), self._ending)
        self._replace_soon()

    def _replace_soon(self) -> None:
        if not self._closed:
            _keep(asyncio.create_task(self._replace()), self._starting)

    async def _replace(self) -> None:
        """Tries until a process is ready. Otherwise the pool would stay a process short."""
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
        server = await self._running_fork_server()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            process = _Process(server.fork(theirs), ours, server)
        except (OSError, Dead) as error:
            ours.close()
            await self._give_up(server)
            raise RuntimeError("a jail process could not be forked") from error
        finally:
            theirs.close()
        try:
            await self._greet(process)
        except BaseException:
            await process.end()
            raise
        return process

    async def _running_fork_server(self) -> ForkServer:
        async with self._fork_server_starts:
            if self._fork_server is None:
                self._fork_server = await ForkServer.start(self._tasks, self._memory_bytes, self._cpu_seconds)
            return self._fork_server

    async def _give_up(self, server: ForkServer) -> None:
        """Discards the fork server; the next process is a copy of another one."""
        if self._fork_server is server:
            self._fork_server = None
        await server.end()

    async def _greet(self, process: _Process) -> None:
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                hello = frames.decode(await process.receive(), frames.Hello)
        except (TimeoutError, OSError, Dead):
            raise RuntimeError("a jail process did not start") from None
        self.confinement = hello.confinement
        if missing := hello.confinement.missing():
            if self._production:
                raise RuntimeError(
                    f"production refuses a PDF jail that this machine can't keep from: {', '.join(missing)}"
                )
            log.warning("jail.not_confined", reaches=missing, advice="not for files of strangers")


def _keep(task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
    """Keeps a reference until the task is done; the event loop holds only a weak one."""
    among.add(task)
    task.add_done_callback(among.discard)
