"""Decides when a job may run: in its turn, within its network's budget, and in the lane for its length.

A job begins in the short lane. If it has used `SHORT_CPU_SECONDS` there and others wait, its process is ended
and it begins again in the long lane, which has one slot. So files that are made to be heavy wait for each
other, and an ordinary file waits for half a second of each. Ordinary files need less than 0.1 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from meterai.jail.queueing.callers import Caller, current_caller
from meterai.jail.queueing.cpu_budgets import CpuBudgets
from meterai.jail.queueing.heavy_files import HeavyFiles
from meterai.jail.queueing.turns import Turns
from meterai.kernel.refusals import Kind, Refusal

SHORT_CPU_SECONDS = 0.5
LONG_WAIT_SECONDS_MAX = 40.0
"""How long a job waits for the long lane. A proxy in front of the site waits for an answer for a minute."""
_HOUSE = Caller("")


class GaveWay(Exception):
    """A job of the short lane took long while others waited. It has to begin again in the long lane."""


type Work[Result] = Callable[[bool, Callable[[float], None]], Awaitable[Result]]
"""Runs the job. Arguments: whether the job must give way; a function that takes the CPU seconds it used."""


class Lanes:
    """The lanes of a pool.

    - `slots`: jobs that run at once in the short lane; `waiting_max`: jobs that wait in each lane.
    - `has_long`: whether there is a process for the long lane. Otherwise no job gives way.
    - `budgets`: of the networks. None: no limit.
    """

    def __init__(self, slots: int, *, waiting_max: int, has_long: bool, budgets: CpuBudgets | None) -> None:
        self._short = Turns(slots, waiting_max)
        self._long = Turns(1, waiting_max)
        self._has_long = has_long
        self._budgets = budgets
        self._heavy_files = HeavyFiles()

    @property
    def somebody_waits(self) -> bool:
        """Whether a job waits for the short lane."""
        return self._short.waiting > 0

    async def run[Result](self, task: str, request: Any, work: Work[Result]) -> Result:
        """Runs a job for the caller of this request (`callers.current_caller`).

        Work of the house itself takes its turn, too. It never gives way and has no budget.

        Raises: what `work` raises; Refusal INVALID `pdf.too_heavy` for bytes that were found to be so; BUSY
        `jail.busy` when too many wait, `jail.budget_spent` when the caller's budget is used up.
        """
        caller = current_caller()
        if caller is None:
            async with self._short.turn(_HOUSE):
                return await work(False, _count_nothing)
        if self._heavy_files.has(task, request):
            raise Refusal(Kind.INVALID, "pdf.too_heavy")
        try:
            return await self._run_for(caller, work)
        except Refusal as refusal:
            if refusal.code == "pdf.too_heavy":
                self._heavy_files.add(task, request)
            raise

    async def _run_for[Result](self, caller: Caller, work: Work[Result]) -> Result:
        self._check(caller)  # before it waits
        try:
            async with self._short.turn(caller):
                self._check(caller)
                return await work(self._has_long, self._counter(caller))
        except GaveWay:
            pass
        async with _in_time(self._long, caller):
            self._check(caller)
            return await work(False, self._counter(caller))

    def _check(self, caller: Caller) -> None:
        if self._budgets is not None:
            self._budgets.check(caller)

    def _counter(self, caller: Caller) -> Callable[[float], None]:
        def count(seconds: float) -> None:
            if self._budgets is not None:
                self._budgets.spend(caller, seconds)

        return count


@asynccontextmanager
async def _in_time(turns: Turns, caller: Caller) -> AsyncIterator[None]:
    """A turn for which nobody waits too long. Raises: Refusal BUSY `jail.busy`."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(LONG_WAIT_SECONDS_MAX):
                await stack.enter_async_context(turns.turn(caller))
        except TimeoutError:
            raise Refusal(Kind.BUSY, "jail.busy") from None
        yield


def _count_nothing(_seconds: float) -> None:
    """Counts no CPU time."""
