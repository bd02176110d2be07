"""Carries out the schedule, and proves of each fault that it fired and that the service went on after it."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec

from simulator.rehearsal.schedule import LASTING, FaultKind, PlannedFault, Schedule
from simulator.rehearsal.victims import Victim, cpu_ticks, is_alive, is_frozen, strike, victims

_GONE_SECONDS: Final = 20.0
_BACK_SECONDS: Final = 60.0
_WORKS_WITHIN_SECONDS: Final = 5.0
SETTLED_S: Final = 15.0
"""How long after a fault its consequences are searched."""


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
    pause_s: float | None = None
    """The longest time in which nobody was finished, until `SETTLED_S` after its return; None: still on."""
    note: str = ""


@dataclass(slots=True)
class Saboteur:
    """`launcher_pid`: root of the service's processes. `finished`: when people came and were finished (of
    time.monotonic), the first to finish first; others write on it."""

    launcher_pid: int
    schedule: Schedule
    seconds: float
    finished: Sequence[tuple[float, float]]
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
        victim = await first_at_work(struck)
        outcome.began_s = round(self._now(), 1)
        if fault.kind in LASTING:
            await self._freeze(victim, fault.seconds, outcome)
        else:
            await self._kill(victim, fault.kind, outcome)
        outcome.ended_s = round(self._now(), 1)
        self.on_change(outcome)
        await self._see_pause(outcome)

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

    async def _see_pause(self, outcome: FaultOutcome) -> None:
        """Until somebody was finished after it settled, as long as the rehearsal lets us."""
        struck, settled = self.began + outcome.began_s, self.began + outcome.ended_s + SETTLED_S
        await _until(lambda: bool(self.finished) and self.finished[-1][1] > settled, math.inf)
        outcome.pause_s = round(longest_pause([at for _, at in self.finished], struck, settled), 1)
        self.on_change(outcome)

    def count(self) -> None:
        """Takes stock at the end."""
        for outcome in self.outcomes:
            if outcome.fired:
                struck = self.began + outcome.began_s
                outcome.finished_after = sum(came >= struck for came, _ in self.finished)

    def _now(self) -> float:
        return time.monotonic() - self.began


async def first_at_work(found: Sequence[Victim]) -> Victim:
    """Of several processes the first that uses CPU time; the first of all when none does for some seconds.

    One that stands idle, as most jails do, nobody misses, and its pool replaces it when it would be needed.
    """
    before = {victim: cpu_ticks(victim) for victim in found}

    def at_work() -> list[Victim]:
        return [victim for victim in found if cpu_ticks(victim) > before[victim]]

    if len(found) > 1:
        await _until(lambda: bool(at_work()), _WORKS_WITHIN_SECONDS)
    return next(iter(at_work()), found[0])


def longest_pause(moments: Sequence[float], begin: float, end: float) -> float:
    """The longest time without any of these moments (in order), from `begin` to the first one after `end`."""
    after = [moment for moment in moments if moment > begin]
    until = next((place for place, moment in enumerate(after) if moment > end), len(after) - 1)
    return max((later - earlier for earlier, later in pairwise([begin, *after[: until + 1]])), default=0.0)


async def _until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True
