"""A crowd of many times what the site bears: as many people finish as when just enough come.

The controller's own step and admission run before a site with one processor and one queue of work. People
make work while they are inside, so the effect of a decision shows late. That is what makes other controllers
swing.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import msgspec
import pytest

from meterai.waiting_room.rules.admission import AdmissionBuckets, wait_s
from meterai.waiting_room.rules.model import Lane, Policy, Schedule
from meterai.waiting_room.rules.rate_control import step
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)
from meterai.web.requests.load_meter import FILES_MIN

pytestmark = pytest.mark.slow

SCHEDULE = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
STEPS = ((0.3, 3.0), (2, 3.0), (2, 12.0), (1, 1.5), (2, 5.5), (2, 6.0), (0.2, 13.0))
"""(seconds before it, milliseconds of work) of each request of a person inside."""
UPLOAD = 2
BEARS = 1_000 / sum(work for _, work in STEPS)
"""People a second, without waiting people."""
WAITING_MS = 0.7
"""Milliseconds of work for each person who comes, even to wait."""
KNOCK_MS = 1.5
HICCUP_S = 1.5
HEARD_AFTER_S = 2
"""The age of the site's figures when the controller gets them."""


@dataclass
class Machine:
    """One processor, and the people inside. `slower`: the factor by which all work takes longer than
    usual."""

    thinking: float
    dice: random.Random
    slower: float = 1.0
    free_at: float = 0.0
    due: list[tuple[float, int, int]] = field(default_factory=list)
    """(when, number, step)"""
    made: int = 0
    finished: int = 0
    waits: deque[list[tuple[float, bool]]] = field(default_factory=lambda: deque(maxlen=3))
    """By second: (seconds until the answer, whether it was the upload)."""

    def enter(self, at: float) -> None:
        """Adds a person."""
        self._ask(at, 0)

    def work_to(self, now: float, *, came: float) -> SiteMeasurements:
        """Does one second's work."""
        self.free_at = max(self.free_at, now - 1) + came * WAITING_MS / 1_000
        waits = []
        while self.due and self.due[0][0] < now:
            asked_at, _, number = heapq.heappop(self.due)
            self.free_at = max(asked_at, self.free_at) + STEPS[number][1] * self.slower / 1_000
            waits.append((self.free_at - asked_at, number == UPLOAD))
            if number + 1 < len(STEPS):
                self._ask(self.free_at, number + 1)
            else:
                self.finished += 1
        self.waits.append(waits)
        everything = [wait for second in self.waits for wait, _ in second]
        uploads = [wait for second in self.waits for wait, is_upload in second if is_upload]
        p95 = max(_p95(everything), _p95(uploads) if len(uploads) >= FILES_MIN else 0.0, self.free_at - now)
        return SiteMeasurements(heard_s=0.5, p95_ms=1_000 * p95, requests=len(everything))

    def _ask(self, at: float, number: int) -> None:
        self.made += 1
        pause = self.dice.expovariate(1 / (STEPS[number][0] * self.thinking))
        heapq.heappush(self.due, (at + pause, self.made, number))


def _p95(times: list[float]) -> float:
    return sorted(times)[len(times) * 95 // 100] if times else 0.0


@dataclass
class Entrance:
    """Called people: they come after some seconds, and try again when a full admission says so."""

    machine: Machine
    door: AdmissionBuckets = field(default_factory=lambda: AdmissionBuckets(0, 0, 0))
    coming: list[tuple[float, int]] = field(default_factory=list)
    """(when, number)"""
    held: set[int] = field(default_factory=set)
    """People who found the door full."""
    numbers: int = 0
    knocks_in_vain: int = 0

    def call(self, people: int, now: float) -> None:
        """Calls this many people. A few never come."""
        for _ in range(people):
            self.numbers += 1
            if self.machine.dice.random() < 0.97:
                heapq.heappush(self.coming, (now + 3 + self.machine.dice.expovariate(1 / 3), self.numbers))

    def let_in(self, now: float, rate: float) -> int:
        """Plays one second at the door. Returns how many came in."""
        self.door, entered = self.door.filled(rate, 0, now), 0
        while self.coming and self.coming[0][0] < now:
            at, number = heapq.heappop(self.coming)
            self.machine.free_at += KNOCK_MS / 1_000
            after = self.door.entered(Lane.NEW)
            if after is None:
                self.knocks_in_vain += 1
                self.held.add(number)
                pause = wait_s(rate, 0, Lane.NEW, knocking=len(self.held))
                heapq.heappush(self.coming, (max(at, now - 1) + pause, number))
                continue
            self.door = after
            self.held.discard(number)
            self.machine.enter(max(at, now - 1))
            entered += 1
        return entered


@dataclass
class Evening:
    """The results: people a second who finished in the last five minutes, and the times of answers."""

    finished: float
    p95_s: float
    knocks_in_vain: float
    """For each person who finished."""
    by_second: list[int]
    """The number of people who had finished by then."""

    def finished_between(self, start: int, end: int) -> float:
        """People a second."""
        return (self.by_second[end] - self.by_second[start]) / (end - start)


def play(
    offered: float,
    *,
    thinking: float,
    seconds: int,
    slow: range = range(0),
    slowness: float = 2.0,
    still: range = range(0),
    failing: range = range(0),
    free: range = range(0),
) -> Evening:
    """Plays an evening in which this many people come each second.

    - `free`: seconds in which people enter as they like, because the queue is off.
    - `slow`: seconds in which all work takes `slowness` times as long.
    - `still`: seconds after which nothing moves for `HICCUP_S`.
    - `failing`: seconds in which a part of the requests fails, slowly.
    """
    machine = Machine(thinking, random.Random(1))
    entrance = Entrance(machine)
    memory = ControllerMemory(is_direct=False)
    told = deque([SiteMeasurements(heard_s=0.5)] * (HEARD_AFTER_S + 1), maxlen=HEARD_AFTER_S + 1)
    waiting = owed = 0.0
    rate, called = 60.0, 0
    worst, by_second = [], [0]
    for now in range(1, seconds + 1):
        is_free = now in free
        waiting += 0 if is_free else offered
        for _ in range(round(offered) if is_free else 0):
            machine.enter(now - 1 + machine.dice.random())
        machine.slower = slowness if now in slow else 1.0
        if now in still:
            machine.free_at = max(machine.free_at, now - 1) + HICCUP_S
        claimed = entrance.let_in(now, rate)
        measured = machine.work_to(now, came=0 if is_free else offered)
        told.append(
            msgspec.structs.replace(
                measured,
                fault_share=0.3 if now in failing else 0.0,
                entered_per_min=round(offered) * 60.0 if is_free else 0.0,
            )
        )
        is_full, knocking = entrance.door.new < 1, len(entrance.held)
        decided = step(
            memory, schedule=SCHEDULE, policy=Policy(), wishes=OperatorWishes(is_on=not is_free, always=True),
            measured=told[0], line=LineCounts(int(waiting), called, claimed, None, is_full, knocking),
            now=now, elapsed_s=1,
        )  # fmt: skip
        memory, rate = decided.memory, decided.rate
        owed += decided.calls / 60
        called = min(int(owed), int(waiting))
        owed, waiting = owed - int(owed), waiting - called
        entrance.call(called, now)
        if now > seconds - 300:
            worst.append(told[-1].p95_ms / 1_000)
        by_second.append(machine.finished)
    vain = entrance.knocks_in_vain / machine.finished
    finished = (by_second[-1] - by_second[-301]) / 300
    return Evening(finished, sorted(worst)[285], vain, by_second)


@pytest.mark.parametrize("thinking", [1, 4, 10, 40])
def test_five_times_as_many_as_it_bears_finish_no_fewer_than_at_its_best(thinking: float) -> None:
    seconds = 700 + round(60 * thinking)
    best = play(BEARS * 0.97, thinking=thinking, seconds=seconds)
    crowded = play(BEARS * 5, thinking=thinking, seconds=seconds)
    left = 1 - 5 * BEARS * WAITING_MS / 1_000  # of the machine, beside those who wait
    assert best.finished > 0.93 * 0.97 * BEARS
    assert crowded.finished > 0.9 * left * BEARS
    assert max(best.p95_s, crowded.p95_s) < 2.2
    assert max(best.knocks_in_vain, crowded.knocks_in_vain) < 0.5, "people wait in line, not at the door"


def test_a_minute_at_half_speed_costs_little_more_than_that_minute() -> None:
    told = play(BEARS * 5, thinking=1, seconds=900, slow=range(700, 760))
    left = 1 - 5 * BEARS * WAITING_MS / 1_000
    assert told.finished > 0.85 * left * BEARS * (1 - 30 / 300)


@pytest.mark.parametrize("thinking", [1, 4, 10])
def test_hiccups_of_the_machine_are_not_taken_for_what_it_bears(thinking: float) -> None:
    """A checkpoint or a neighbour stops everything for a second and a half, again and again."""
    seconds = 900 + round(60 * thinking)
    every = 20
    told = play(BEARS * 5, thinking=thinking, seconds=seconds, still=range(10, seconds, every))
    left = 1 - 5 * BEARS * WAITING_MS / 1_000 - HICCUP_S / every
    assert told.finished > 0.88 * left * BEARS


@pytest.mark.parametrize("thinking", [1, 4])
def test_after_minutes_of_hardly_any_work_the_site_is_full_again_soon(thinking: float) -> None:
    stall = range(600, 780)
    told = play(BEARS * 5, thinking=thinking, seconds=1_100, slow=stall, slowness=10.0)
    usual = told.finished_between(300, 600)
    back = next(
        end for end in range(stall.stop + 30, 1_100) if told.finished_between(end - 30, end) > 0.9 * usual
    )
    assert back - stall.stop < 230, "what it bore before the stall was forgotten"


@pytest.mark.parametrize("thinking", [1, 4])
def test_a_gateway_that_is_down_while_few_come_in_yet_is_not_taken_for_what_the_site_bears(
    thinking: float,
) -> None:
    """Otherwise the line would continue at the floor for ten minutes, before a site with nothing to do."""
    failing = range(30, 80)
    told = play(BEARS * 5, thinking=thinking, seconds=700, failing=failing)
    never = play(BEARS * 5, thinking=thinking, seconds=700)
    assert told.finished_between(350, 400) > 0.8 * never.finished_between(350, 400)


@pytest.mark.parametrize("thinking", [1, 4, 10])
@pytest.mark.parametrize("free", [range(10), range(30)], ids=["10 s", "30 s"])
def test_a_queue_that_is_turned_on_amid_a_sudden_crowd_begins_with_what_the_site_takes(
    thinking: float, free: range
) -> None:
    """At the start the rate was the floor, and the controller took the floor for the rate at which the
    site is full. For minutes, a tenth of the usual number came in."""
    told = play(BEARS * 5, thinking=thinking, seconds=900, free=free)
    usual = told.finished_between(600, 900)
    assert told.finished_between(100, 400) > 0.85 * usual
    assert told.finished_between(400, 600) > 0.92 * usual


def test_a_site_that_was_jammed_by_whom_nobody_called_is_full_again_soon_after() -> None:
    told = play(BEARS * 1.5, thinking=1, seconds=900, free=range(120))
    assert told.finished_between(200, 300) > 0.7 * told.finished_between(600, 900)
