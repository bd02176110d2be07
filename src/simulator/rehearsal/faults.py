"""Carries out the schedule, and proves of each fault that it fired and that the service went on after it."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from simulator.rehearsal.schedule import LASTING, FaultKind, PlannedFault, Schedule
from simulator.rehearsal.victims import Victim, is_alive, is_frozen, strike, victims

_GONE_SECONDS: Final = 20.0
_BACK_SECONDS: Final = 60.0


class FaultOutcome(msgspec.Struct, kw_only=True):
    """One fault as it went. Seconds since the rehearsal began."""

    kind: FaultKind
    planned_s: float
    began_s: float = 0.0
    ended_s: float = 0.0
    """When what failed was there again."""
    fired: bool = False
    """The process was seen frozen, or seen gone."""
    came_back: bool = False
    """Another process stands in its place, or it runs again."""
    finished_after: int = 0
    """Journeys that began after it struck and were finished."""
    progress_s: float | None = None
    """How long after its return the first of them was finished."""
    note: str = ""


@dataclass(slots=True)
class Saboteur:
    """`launcher_pid`: root of the service's processes. `finished_since`: how many journeys
    that began after a moment (of time.monotonic) are finished."""

    launcher_pid: int
    schedule: Schedule
    seconds: float
    finished_since: Callable[[float], int]
    on_change: Callable[[FaultOutcome], None]
    outcomes: list[FaultOutcome]
    began: float = 0.0

    async def run(self) -> None:
        """Strikes when it is time, each fault by itself; whatever is frozen is thawed at the end."""
        self.began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in sorted(self.schedule.faults, key=lambda one: one.at):
                outcome = FaultOutcome(kind=fault.kind, planned_s=round(fault.at * self.seconds, 1))
                self.outcomes.append(outcome)
                group.create_task(self._carry_out(fault, outcome))

    def active(self) -> list[FaultKind]:
        """What is broken now."""
        return [one.kind for one in self.outcomes if one.fired and not one.came_back]

    async def _carry_out(self, fault: PlannedFault, outcome: FaultOutcome) -> None:
        await asyncio.sleep(max(0.0, fault.at * self.seconds - self._now()))
        struck = victims(self.launcher_pid, fault.kind)
        if not struck:
            outcome.note = "no such process runs"
            self.on_change(outcome)
            return
        outcome.began_s = round(self._now(), 1)
        if fault.kind in LASTING:
            await self._freeze(struck[0], fault.seconds, outcome)
        else:
            await self._kill(struck[0], fault.kind, outcome)
        outcome.ended_s = round(self._now(), 1)
        self.on_change(outcome)
        await self._see_progress(outcome)

    async def _freeze(self, victim: Victim, seconds: float, outcome: FaultOutcome) -> None:
        """Answers nothing any more: connections are taken by the kernel and stay silent."""
        strike(victim, signal.SIGSTOP)
        try:
            await _until(lambda: is_frozen(victim), 2.0)
            outcome.fired = is_frozen(victim)
            self.on_change(outcome)
            await asyncio.sleep(seconds)
        finally:
            strike(victim, signal.SIGCONT)
        outcome.came_back = await _until(lambda: is_alive(victim) and not is_frozen(victim), 2.0)

    async def _kill(self, victim: Victim, kind: FaultKind, outcome: FaultOutcome) -> None:
        before = len(victims(self.launcher_pid, kind))
        # PostgreSQL ends its sessions and stops at once; it recovers from its log when it starts again.
        strike(victim, signal.SIGQUIT if kind is FaultKind.DATABASE_RESTARTED else signal.SIGKILL)
        outcome.fired = await _until(lambda: not is_alive(victim), _GONE_SECONDS)
        self.on_change(outcome)
        outcome.came_back = await _until(
            lambda: len(victims(self.launcher_pid, kind)) >= before, _BACK_SECONDS
        )

    async def _see_progress(self, outcome: FaultOutcome) -> None:
        """Until a journey that began after the fault is finished, as long as the rehearsal lets us."""
        await _until(lambda: self.finished_since(self.began + outcome.began_s) > 0, math.inf)
        outcome.progress_s = round(self._now() - outcome.ended_s, 1)
        self.on_change(outcome)

    def count(self) -> None:
        """Takes stock at the end."""
        for outcome in self.outcomes:
            if outcome.fired:
                outcome.finished_after = self.finished_since(self.began + outcome.began_s)

    def _now(self) -> float:
        return time.monotonic() - self.began


async def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True
