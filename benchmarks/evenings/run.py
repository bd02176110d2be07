"""One evening through the queue's own code: windows, the controller's step, the frontier, the fan, verdicts.

People are numbers in their windows; some hundred of them are followed one by one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.evenings.people import Person, rank_of
from benchmarks.evenings.site import Site
from benchmarks.evenings.truth import STEP_S, Floats, Truth
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules import windows
from meterai.waiting_room.rules.forecast import PATHS, fan_of, horizons_to
from meterai.waiting_room.rules.frontier_moves import advance
from meterai.waiting_room.rules.model import U_MAX, Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import expected_calls, step
from meterai.waiting_room.rules.rate_history import RateHistory, done_after_of, observed
from meterai.waiting_room.rules.rate_model import ControllerMemory, LineCounts, OperatorWishes, RateStep
from meterai.waiting_room.rules.verdict import verdict_of

REVEALED_AFTER_S = 3
LOOKS_EVERY_S = 30
WITNESSES_PER_MINUTE = 4
"""Finished orders from which the controller learns how long it takes from the call to the stamp."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evening ended with."""

    people: list[Person]
    joined: int
    called: float
    outages: int


class EveningRun:
    """The state of an evening that is played."""

    def __init__(self, truth: Truth, random: np.random.Generator, *, followed: int, fan_every_s: int) -> None:
        seconds = truth.steps * STEP_S
        self.truth, self.random, self.fan_every_s = truth, random, fan_every_s
        self.schedule = Schedule(joins_from=-3_600 if truth.lottery else 0, opens_at=0, closes_at=seconds)
        self.usual = float(np.median(truth.bears[truth.bears > 0])) if truth.bears.any() else 1.0
        self.policy = Policy(rate_floor=max(5, int(self.usual * 0.03)), rate_cap=int(truth.cap.max()))
        self.site, self.past = Site(), RateHistory()
        self.memory = ControllerMemory(rate=float(truth.cap[0]), is_direct=not truth.lottery)
        self.frontier, self.left_over = Frontier(0, 0), 0.0
        self.counts = [truth.lottery]
        self.before = [0]
        self.called = 0.0
        self.status: Status | None = None
        self.seed = int(random.integers(2**32))
        up = (truth.bears >= 0.3 * self.usual) & ~truth.is_silent
        self.up_s = np.concatenate([[0.0], np.cumsum(up * float(STEP_S))])
        self.lasted: list[tuple[float, float]] = []
        """(done at, seconds since the call) of people who were not followed."""
        self.people = sorted(self._people(followed), key=lambda person: person.joins_at)
        self.waiting: list[Person] = []
        self.knocking: deque[Person] = deque()
        self.door_times: deque[tuple[float, int]] = deque()
        """(people who came to the door before, when they were called)."""

    # ------------------------------------------------------------------------------------------- playing

    def play(self) -> Outcome:
        """From the opening to the closing."""
        joining = iter([*self.people, None])
        next_person = next(joining)
        for number in range(self.truth.steps):
            now = number * STEP_S
            self._join(number, now)
            while next_person is not None and next_person.joins_at <= now:
                self.waiting.append(next_person)
                next_person = next(joining)
            decided, waiting = self._control(number, now)
            if now % self.fan_every_s == 0:
                self._publish(decided, waiting, now)
            self._tell(now)
        outages = int(np.sum(np.diff((self.truth.bears < 0.3 * self.usual).astype(int)) == 1))
        return Outcome(self.people, self.before[-1] + self.counts[-1], self.called, outages)

    def _join(self, number: int, now: int) -> None:
        window = windows.number_at(self.schedule, now)
        assert window is not None
        while len(self.counts) <= window:
            self.before.append(self.before[-1] + self.counts[-1])
            self.counts.append(0)
        self.counts[window] += int(self.truth.arrivals[number])

    def _control(self, number: int, now: int) -> tuple[RateStep, int]:
        truth = self.truth
        waiting = max(0, self.before[-1] + self.counts[-1] - int(self.called))
        bears, silent = float(truth.bears[number]), bool(truth.is_silent[number])
        called_before = self.called
        decided = step(
            self.memory,
            schedule=self.schedule,
            policy=self.policy,
            wishes=OperatorWishes(
                is_on=True, halted=bool(truth.halted[number]), rate_cap=int(truth.cap[number])
            ),
            measured=self.site.measured(bears, self.usual),
            line=LineCounts(
                waiting, round(self.last_called), round(self.last_entered), None, self.site.admission_is_full
            ),
            now=now,
            elapsed_s=STEP_S,
        )
        self.memory = decided.memory
        people = decided.calls * STEP_S / 60 + self.left_over
        self.frontier, passed, rest = advance(self.frontier, self._known(now), people)
        self.left_over = min(rest, decided.calls * STEP_S / 60)
        self.called += passed
        self._call(now)
        self.door_times.append((self.site.came, now))
        self.site.came += passed * truth.show_share
        self.last_called = self.called - called_before
        self.last_entered = self.site.enter(decided.rate, self.policy.returners_percent, now)
        self._enter(now)
        self.site.work(self.last_entered, bears, is_silent=silent)
        self.past = observed(
            self.past, decided.calls, is_contended=waiting > decided.calls / 6, now=now, elapsed_s=STEP_S
        )
        return decided, waiting

    last_called = 0.0
    last_entered = 0.0

    def _known(self, now: int) -> Iterator[tuple[int, int]]:
        """The windows whose seed is revealed by now."""
        for window in range(self.frontier.window, len(self.counts)):
            if window > 0 and windows.window_of(self.schedule, window).ends_at + REVEALED_AFTER_S > now:
                return
            yield window, self.counts[window]

    def _call(self, now: int) -> None:
        """Those followed who are called come to the door, behind those who came before them."""
        still = []
        for person in self.waiting:
            if not self.frontier.calls(*person.position):
                still.append(person)
                continue
            person.called_at, person.number_at_door = now, self.site.came
            self.knocking.append(person)
        self.waiting = still

    def _enter(self, now: int) -> None:
        """Those at the door whose number is up enter, if they have looked at their page since the call."""
        while self.knocking and self.knocking[0].number_at_door <= self.site.entered:
            person = self.knocking.popleft()
            assert person.called_at is not None
            looked_at = person.called_at + self.random.uniform(2, 25)
            person.entered_at = max(looked_at, float(now))
            person.done_at = self._done(person.entered_at, person.needs_s)
        if self.random.random() < WITNESSES_PER_MINUTE * STEP_S / 60 and self.last_entered > 0:
            called = self._called_when(self.site.entered)
            entered = max(called + self.random.uniform(2, 25), now)
            if (done := self._done(entered, self._needs())) is not None:
                self.lasted.append((done, done - called))

    def _called_when(self, number: float) -> float:
        """When the person was called who is this one at the door."""
        while len(self.door_times) > 1 and self.door_times[1][0] <= number:
            self.door_times.popleft()
        return self.door_times[0][1]

    def _done(self, entered_at: float, needs_s: float) -> float | None:
        """When the stamp is there; None: not before closing."""
        start = np.interp(entered_at, np.arange(len(self.up_s)) * STEP_S, self.up_s)
        end = int(np.searchsorted(self.up_s, start + needs_s))
        return None if end >= len(self.up_s) else float(max(end * STEP_S, entered_at))

    # ------------------------------------------------------------------------------------------- telling

    def _publish(self, decided: RateStep, waiting: int, now: int) -> None:
        calls = expected_calls(decided, self.past, self.policy)
        horizons = horizons_to(now, self.schedule.closes_at, waiting=waiting, calls=calls)
        fan = fan_of(
            self.past,
            calls,
            calls_max=self.truth.cap[now // STEP_S] / decided.memory.show_share,
            horizons=horizons,
            now=now,
            seed=self.seed,
            paths=PATHS // 2,
        )
        recent = [lasted for done, lasted in sorted(self.lasted) if done <= now][-200:]
        self.status = Status(
            event="casn", epoch=1, sequence=now, at=now, state=decided.state, frontiers=[(0, 0), (0, 0)],
            rate=int(decided.rate), fan=fan, closes_at=self.schedule.closes_at, last_call_at=None,
            poll=(2, 60), waiting=waiting, admitted=int(self.site.entered), called=int(self.called),
            done_after_s=done_after_of(recent), kept=(0, 0), log=(0, ""),
        )  # fmt: skip
        self.called_at_status = self.called

    called_at_status = 0.0

    def _tell(self, now: int) -> None:
        """Everybody who waits looks twice a minute, until there is a promise."""
        if self.status is None or now % LOOKS_EVERY_S or self.status.state is QueueState.CLOSED:
            return
        for person in self.waiting:
            if person.promise is not None or not self._is_drawn(person, now):
                continue
            ahead = rank_of(person, self.counts, self.before) - int(self.called_at_status)
            verdict = verdict_of(self.status, max(0, ahead), now=now)
            if person.told_first is None:
                person.told_first = verdict.probability
            if verdict.done_by is not None:
                person.promise, person.promised_at = verdict, now

    def _is_drawn(self, person: Person, now: int) -> bool:
        if person.window == 0:
            return True
        return windows.window_of(self.schedule, person.window).ends_at + REVEALED_AFTER_S <= now

    # -------------------------------------------------------------------------------------------- people

    def _people(self, number: int) -> Iterator[Person]:
        """A sample of all who join, each as likely as any other."""
        arrivals: Floats = np.concatenate([[self.truth.lottery], self.truth.arrivals])
        for at in self.random.choice(len(arrivals), number, p=arrivals / arrivals.sum()):
            joins_at = max(0, int(at) - 1) * STEP_S
            window = 0 if at == 0 else windows.number_at(self.schedule, joins_at)
            assert window is not None
            yield Person(joins_at, window, int(self.random.random() * U_MAX), self._needs())

    def _needs(self) -> float:
        return self.truth.done_median_s * math.exp(self.random.normal(0, self.truth.done_spread))
