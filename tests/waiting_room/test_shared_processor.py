"""A quick site whose requests share its cores: it stays full, and does not swing between full and idle.

`test_overload` has one queue of work and 23 people a second. Here all requests advance together, so the time
of an upload depends on the requests beside it. With 62 people a second there are two hundred requests at
once, and nobody waits too long. The figures of the steps come from `python -m benchmarks journey` on two
cores.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from meterai.waiting_room.control.site_load import SITE_WINDOW_S
from meterai.waiting_room.rules.model import Policy, Schedule
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
CORES_MS = 2_000.0
"""Milliseconds of work a second."""
STEPS = (
    *((0.3, 1.5), (1.0, 1.2), (2.2, 10.0), (0.1, 0.3), (2.2, 1.4), (2.2, 2.0), (2.2, 2.6)),
    *((2.2, 4.2), (2.2, 2.5), (0.3, 4.0), (0.5, 0.8), (2.2, 0.9), (2.2, 0.9)),
)
"""(seconds of thought before it, milliseconds of work)"""
UPLOAD = 2
BEARS = CORES_MS / sum(work for _, work in STEPS)
"""People a second."""


@dataclass
class Site:
    """Two cores, shared evenly by all requests in it."""

    dice: random.Random
    due: list[tuple[float, int, int]] = field(default_factory=list)
    """(when, number, step)"""
    inside: list[tuple[float, int, int, float]] = field(default_factory=list)
    """(the work each request has had when this one ends, number, step, start)"""
    now: float = 0.0
    had: float = 0.0
    """Milliseconds of work that a request has had by now if it was there from the beginning."""
    made: int = 0
    finished: int = 0
    idle: float = 0.0
    seconds: deque[tuple[float, list[tuple[float, bool]]]] = field(
        default_factory=lambda: deque(maxlen=SITE_WINDOW_S)
    )
    """(average number of requests at once, (seconds until the answer, whether it was the upload))"""

    def ask(self, at: float, number: int) -> None:
        """A person thinks, then sends this request."""
        self.made += 1
        after = STEPS[number][0] * self.dice.uniform(0.4, 1.6)
        heapq.heappush(self.due, (at + after, self.made, number))

    def work_to(self, end: float) -> SiteMeasurements:
        """Works for the second that ends at this time."""
        times: list[tuple[float, bool]] = []
        at_once = 0.0
        while True:
            each = min(1_000.0, CORES_MS / max(1, len(self.inside)))
            next_due = self.due[0][0] if self.due else end
            next_end = self.now + (self.inside[0][0] - self.had) / each if self.inside else end
            until = max(self.now, min(end, next_due, next_end))
            took, self.now = until - self.now, until
            self.had += took * each
            at_once += took * len(self.inside)
            self.idle += took * (1 - min(1.0, len(self.inside) / 2))
            if self.inside and next_end <= min(end, next_due):
                _, _, number, since = heapq.heappop(self.inside)
                times.append((self.now - since, number == UPLOAD))
                if number + 1 < len(STEPS):
                    self.ask(self.now, number + 1)
                else:
                    self.finished += 1
            elif next_due < end:
                _, made, number = heapq.heappop(self.due)
                heapq.heappush(self.inside, (self.had + STEPS[number][1], made, number, self.now))
            else:
                break
        self.seconds.append((at_once, times))
        return self._measured()

    def _measured(self) -> SiteMeasurements:
        everything = [time for _, times in self.seconds for time, _ in times]
        files = [time for _, times in self.seconds for time, is_upload in times if is_upload]
        p95 = max(_p95(everything), _p95(files) if len(files) >= FILES_MIN else 0.0)
        at_once = sum(mean for mean, _ in self.seconds) / len(self.seconds)
        return SiteMeasurements(heard_s=0.5, p95_ms=1_000 * p95, in_flight=at_once, requests=len(everything))


def _p95(times: list[float]) -> float:
    return sorted(times)[len(times) * 95 // 100] if times else 0.0


@pytest.mark.parametrize("offered", [1.1, 5])
@pytest.mark.parametrize("believed", [0.9, 1.3])
def test_a_quick_site_is_kept_full_and_answers_in_time(offered: float, believed: float) -> None:
    site = Site(random.Random(2))
    memory = ControllerMemory(is_direct=False, rate=believed * BEARS * 60)
    coming: list[float] = []
    told = deque([SiteMeasurements(heard_s=0.5)] * 2, maxlen=2)
    waiting = owed = 0.0
    called, before, p95s = 0, 0, []
    for now in range(1, 601):
        waiting += offered * BEARS
        claimed = 0
        while coming and coming[0] < now:
            site.ask(heapq.heappop(coming), 0)
            claimed += 1
        told.append(site.work_to(now))
        line = LineCounts(int(waiting), called, claimed)
        decided = step(
            memory, schedule=SCHEDULE, policy=Policy(), wishes=OperatorWishes(is_on=True, always=True),
            measured=told[0], line=line, now=now, elapsed_s=1,
        )  # fmt: skip
        memory = decided.memory
        owed += decided.calls / 60
        called = min(int(owed), int(waiting))
        owed, waiting = owed - int(owed), waiting - called
        for _ in range(called):
            heapq.heappush(coming, now + 3 + site.dice.expovariate(1 / 4))
        if now == 300:
            before, site.idle = site.finished, 0.0
        if now > 300:
            p95s.append(told[-1].p95_ms)
    assert (site.finished - before) / 300 > 0.95 * BEARS
    assert site.idle / 300 < 0.05
    assert _p95(p95s) < 1_600
