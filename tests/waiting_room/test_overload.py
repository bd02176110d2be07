"""A crowd of many times what the site bears: as much is finished as when just enough come.

The controller's own step and door before a site of one processor, a queue of work. People make work for as
long as they are inside, so what the controller does shows late: that is what makes others swing.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import msgspec
import pytest

from meterai.waiting_room.controller import Line, Measured, Memory, Wishes, step
from meterai.waiting_room.door import Door
from meterai.waiting_room.model import Policy, Schedule

SCHEDULE = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
STEPS = ((0.3, 3.0), (2, 3.0), (2, 12.0), (1, 1.5), (2, 5.5), (2, 6.0), (0.2, 13.0))
"""(seconds before it, milliseconds of work) of what somebody inside asks for."""
BEARS = 1_000 / sum(work for _, work in STEPS)
"""People a second, nobody waiting."""
WAITING_MS = 0.7
"""Work of each who comes, also if only to wait."""


@dataclass
class Machine:
    """One processor, and everybody inside. `slower`: by how much all work takes longer than usual."""

    thinking: float
    dice: random.Random
    slower: float = 1.0
    free_at: float = 0.0
    due: list[tuple[float, int, int]] = field(default_factory=list)
    """(when, number, step)"""
    made: int = 0
    finished: int = 0
    waits: deque[list[float]] = field(default_factory=lambda: deque(maxlen=3))

    def enter(self, at: float) -> None:
        """Somebody more."""
        self._ask(at, 0)

    def work_to(self, now: float, *, came: int) -> Measured:
        """Does one second's work."""
        self.free_at = max(self.free_at, now - 1) + came * WAITING_MS / 1_000
        waits = []
        while self.due and self.due[0][0] < now:
            asked_at, _, number = heapq.heappop(self.due)
            self.free_at = max(asked_at, self.free_at) + STEPS[number][1] * self.slower / 1_000
            waits.append(self.free_at - asked_at)
            if number + 1 < len(STEPS):
                self._ask(self.free_at, number + 1)
            else:
                self.finished += 1
        self.waits.append(waits)
        ranked = sorted(wait for second in self.waits for wait in second)
        p95 = ranked[len(ranked) * 95 // 100] if ranked else 0.0
        return Measured(heard_s=0.5, p95_ms=1_000 * max(p95, self.free_at - now), requests=len(ranked))

    def _ask(self, at: float, number: int) -> None:
        self.made += 1
        pause = self.dice.expovariate(1 / (STEPS[number][0] * self.thinking))
        heapq.heappush(self.due, (at + pause, self.made, number))


@dataclass
class Evening:
    """What became of it: people a second who finished in the last five minutes, and how long answers took."""

    finished: float
    p95_s: float


def play(
    offered: float,
    *,
    thinking: float,
    seconds: int,
    slow: range = range(0),
) -> Evening:
    """So many come each second. `slow`: seconds in which all work takes twice as long."""
    machine = Machine(thinking, random.Random(1))
    memory, door, measured = Memory(is_direct=False), Door(0, 0, 0), Measured(heard_s=0.5)
    waiting = at_door = 0.0
    called = claimed = before = 0
    worst = []
    for now in range(1, seconds + 1):
        waiting += offered
        machine.slower = 2.0 if now in slow else 1.0
        measured = machine.work_to(now, came=int(offered))
        decided = step(
            memory, schedule=SCHEDULE, policy=Policy(), wishes=Wishes(is_on=True, always=True),
            measured=measured, line=Line(int(waiting), called, claimed, None, door.new < 1),
            now=now, elapsed_s=1,
        )  # fmt: skip
        memory = decided.memory
        called = min(round(decided.calls / 60), int(waiting))
        waiting, at_door = waiting - called, at_door + called
        door = door.filled(decided.rate, 0, now)
        claimed = min(int(door.new), int(at_door))
        door = msgspec.structs.replace(door, new=door.new - claimed)
        at_door -= claimed
        for _ in range(claimed):
            machine.enter(now)
        if now > seconds - 300:
            worst.append(measured.p95_ms / 1_000)
        if now == seconds - 300:
            before = machine.finished
    return Evening((machine.finished - before) / 300, sorted(worst)[285])


@pytest.mark.parametrize("thinking", [1, 10])
def test_five_times_as_many_as_it_bears_finish_no_fewer_than_at_its_best(thinking: float) -> None:
    best = play(BEARS * 0.97, thinking=thinking, seconds=700)
    crowded = play(BEARS * 5, thinking=thinking, seconds=700)
    left = 1 - 5 * BEARS * WAITING_MS / 1_000  # of the machine, beside those who wait
    assert best.finished > 0.93 * BEARS
    assert crowded.finished > 0.93 * left * BEARS
    assert max(best.p95_s, crowded.p95_s) < 2


def test_a_minute_at_half_speed_costs_no_more_than_that_minute() -> None:
    told = play(BEARS * 5, thinking=1, seconds=700, slow=range(500, 560))
    left = 1 - 5 * BEARS * WAITING_MS / 1_000
    assert told.finished > 0.9 * left * BEARS * (1 - 30 / 300)
