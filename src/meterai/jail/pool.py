"""The side of the jail that asks: takes turns, gives jobs to confined processes, and judges how they end."""

from __future__ import annotations

import asyncio
import platform
import signal
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec
import structlog

from meterai.jail import frames
from meterai.jail.fork_server import FIRST_USER
from meterai.jail.frames import Dead, ForbiddenCall
from meterai.jail.process import Process
from meterai.jail.queueing.cpu_budgets import CpuBudgets
from meterai.jail.queueing.lanes import SHORT_CPU_SECONDS, GaveWay, Lanes
from meterai.jail.supply import Limits, Supply
from meterai.jail.walls.confinement import Confinement
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.role_port import NotReady
from meterai.kit.measures import seconds, timed
from meterai.kit.tracing.spans import span

log = structlog.get_logger(__name__)

_JOBS = seconds("jail_job", "Time of jobs in the jail, with the wait for a turn.", "task", "outcome")

JOBS_WAITING_MAX = 200
_KEPT_PER_SLOT = 2
"""Processes that wait for the next job of their owner, for each turn."""
_LATE_SECONDS_MAX = 1.0
"""Grace for an answer that arrived while this process was stopped and has not been read."""
_LOOK_SECONDS = 0.1
"""How often a job that gives way is looked at."""
_STANDSTILL = 0.05
"""A process that had less than this share of its time on a processor was held up."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One task on one request."""

    supply: Supply
    task: int
    body: bytes
    owner: str
    spent: Callable[[float], None]
    gives_way: bool
    """It ends when it has used the time of a short job and others wait (`lanes`)."""


class _Killed(Exception):
    """The process was killed, but not because of the document (see `Process.was_killed`)."""


class _StoodStill(Exception):
    """The process was stopped or its machine stood still; the document is not the cause (see
    `JailPool._answer`)."""


def _call(error: Exception) -> dict[str, int | str]:
    """What a process said of the forbidden call that ended it.

    It says nothing if it had blocked signals. The C library does that before it starts a process or a thread.
    """
    if isinstance(error, ForbiddenCall):
        return {"number": error.number, "machine": platform.machine()}
    return {"number": "none given: probably one that starts a process or a thread"}


class JailPool:
    """Runs tasks in confined processes. A process reads the files of one owner and ends.

    `tasks` lists the allowed functions as `module:function`. Each takes and returns one msgspec Struct.
    Those in `apart` are done by processes of their own kind, copies of a process that knows no other task:
    what checks a sealed file has not read the upload.

    `slots` jobs run at once, in the turns of their callers (`lanes`). As many processes and one more are made
    ahead, so that no job waits for one. With `spare=False`, which suits a short command, there is one in all,
    and no long lane. `budgets`: the CPU time that networks may use; pools may share it. `production=True`
    refuses to start if files, network, other processes or users are not protected. Without `start` the
    processes start with the first job. They are copies of one that has imported the tasks (`fork_server`).
    """

    def __init__(
        self,
        tasks: list[str],
        *,
        apart: Collection[str] = (),
        slots: int = 1,
        spare: bool = True,
        memory_bytes: int = 1 << 30,
        cpu_seconds: int = 8,
        wall_seconds: float = 20.0,
        waiting_max: int = JOBS_WAITING_MAX,
        first_user: int = FIRST_USER,
        production: bool = False,
        budgets: CpuBudgets | None = None,
    ) -> None:
        limits = Limits(
            memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, first_user=first_user, production=production
        )
        kinds = [[task for task in tasks if task not in apart], [task for task in tasks if task in apart]]
        self._supplies = [
            Supply(kind, limits, ahead=slots + 1 if spare else 1, kept_max=_KEPT_PER_SLOT * slots)
            for kind in kinds
            if kind
        ]
        self._tasks = {
            name: (supply, number) for supply in self._supplies for number, name in enumerate(supply.tasks)
        }
        self._wall_seconds = wall_seconds
        self._lanes = Lanes(slots, waiting_max=waiting_max, has_long=spare, budgets=budgets)

    @property
    def confinement(self) -> Confinement | None:
        """The walls that the newest process reported; None before `start`."""
        return self._supplies[0].confinement

    async def start(self) -> None:
        """Starts the processes and waits until the first is ready. Those for tasks apart start when needed.

        Raises: RuntimeError if a task cannot be imported, or if production lacks a wall.
        """
        await self._supplies[0].start()

    async def run[Result](
        self,
        task: str,
        request: msgspec.Struct,
        result_type: type[Result],
        *,
        owner: str = "",
        spent: Callable[[float], None] = lambda _seconds: None,
    ) -> Result:
        """Runs one task on one request.

        `owner` names the person's thing that the file belongs to, such as the id of an order. For a short
        time a process is kept for its next file. Without an owner a process works on this request only.

        `spent` is called with the CPU seconds of each process that worked on it: once as a rule, twice if
        another process had to take over. It is called also if the job is refused or cancelled.

        Raises: Refusal as the task raised it; INVALID `pdf.broken` for any other error of the task; INVALID
        `pdf.too_heavy` if a limit of memory or CPU time was broken, now or by the same bytes before; INVALID
        `jail.killed` if others killed two processes in a row; BUSY `jail.busy` if too many wait; BUSY
        `jail.budget_spent` if the caller's network has used too much CPU time; UNAVAILABLE `jail.unavailable`
        if no process can be started, or if the machine gave the job too little CPU time.
        """
        supply, number = self._tasks[task]
        function = task.rpartition(":")[2]

        async def work(gives_way: bool, count: Callable[[float], None]) -> Result:
            def note(seconds: float) -> None:
                spent(seconds)
                count(seconds)
                job.note(cpu_ms=round(seconds * 1_000))

            body = msgspec.msgpack.encode(request)  # a copy, which nobody keeps who waits
            answer = await self._run_in_turn(_Job(supply, number, body, owner, note, gives_way), result_type)
            if isinstance(answer, frames.RefusalFrame):
                raise answer.to_refusal()
            return answer

        with timed(_JOBS, function), span("jail", task=function) as job:
            return await self._lanes.run(task, request, work)

    async def ping(self) -> None:
        """Returns when there is a process for the next job, or one can be made. Raises: NotReady."""
        if self.confinement is None or any(supply.has_run_out for supply in self._supplies):
            raise NotReady("no process can be started")

    async def close(self) -> None:
        """Ends every process. Jobs under way are refused."""
        await asyncio.gather(*(supply.close() for supply in self._supplies))

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
        process = await job.supply.take(job.owner)
        before = process.cpu_seconds()
        try:
            answer, has_grown = await self._ask(process, job, result_type, stretches)
        except BaseException:  # also when cancelled, in the middle of a job nobody waits for
            job.supply.end(process)
            raise
        finally:
            job.spent(process.cpu_seconds() - before)
        job.supply.give_back(process, may_stay=not has_grown)
        return answer

    async def _ask[Result](
        self, process: Process, job: _Job, result_type: type[Result], stretches: int
    ) -> tuple[Result | frames.RefusalFrame, bool]:
        """Reads the answer, and whether the process has grown too large to be kept. Raises: Refusal, _Killed,
        _StoodStill."""
        try:
            reply = await self._answer(process, job, stretches)
            return frames.read_reply(reply, result_type), bool(reply[1])
        except (OSError, Dead) as error:
            if await process.was_killed():
                raise _Killed from None
            broken = type(error).__name__
            if process.status == -signal.SIGSYS:
                log.warning("jail.forbidden_call", **_call(error))
            if process.has_crashed():
                await job.supply.give_up(process.copied_from)
        log.warning("jail.limit_broken", what=broken, status=process.status, job=process.jobs)
        raise Refusal(Kind.INVALID, "pdf.too_heavy")

    async def _answer(self, process: Process, job: _Job, stretches: int) -> bytearray:
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
        self, asked: asyncio.Task[bytearray], process: Process, gives_way_since: float | None
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
