"""The season with every person walked through it one by one (SimPy): a second opinion on the fluid model.

Takes the same season, behaviour and rate; shares no line of code with `simulator.planner.line`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

from simulator.planner.season import HOUR, Behaviour


@dataclass
class Evening:
    """What was seen. Moments are seconds since the opening."""

    joined: list[float] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    """(joined at, seconds until the call), whether there or not."""
    began: list[float] = field(default_factory=list)
    gave_up: int = 0
    in_line: int = 0
    """When the season closed."""


class _SimulatedLine:
    def __init__(self, behaviour: Behaviour, rate: float, share: float, seed: int) -> None:
        self.clock = simpy.Environment()
        self.behaviour, self.rate, self.share = behaviour, rate, share
        self.random = random.Random(seed)
        self.line: deque[float] = deque()
        self.returners: deque[float] = deque()
        self.seen = Evening()
        self.bell = self.clock.event()

    def arrive(self, moments: Sequence[float]) -> Generator[Any, Any, None]:
        for moment in moments:
            yield self.clock.timeout(max(0.0, moment - self.clock.now))
            self.seen.joined.append(moment)
            self.line.append(moment)
            self.ring()

    def ring(self) -> None:
        if not self.bell.triggered:
            self.bell.succeed()

    def come_back(self) -> Generator[Any, Any, None]:
        yield self.clock.timeout(self.random.expovariate(1 / (self.behaviour.back_hours * HOUR)))
        self.returners.append(self.clock.now)
        self.ring()

    def door(self) -> Generator[Any, Any, None]:
        """One after the other: each who comes in takes 1/rate seconds, twice that when it goes wrong once."""
        while True:
            if not self.line and not self.returners:
                self.bell = self.clock.event()
                yield self.bell
            if self.returners and (not self.line or self.random.random() < self.share):
                self.returners.popleft()
            elif not self.is_there():
                continue
            self.seen.began.append(self.clock.now)
            times = 2 if self.random.random() < self.behaviour.tries_again else 1
            yield self.clock.timeout(times / self.rate)

    def is_there(self) -> bool:
        """Calls the next in line; calling takes no time, as those who are absent are made up for."""
        joined = self.line.popleft()
        waited = self.clock.now - joined
        self.seen.waits.append((joined, waited))
        stayed = self.random.expovariate(1 / (self.behaviour.patience_hours * HOUR)) > waited
        if stayed and self.random.random() >= self.behaviour.absent:
            return True
        if self.random.random() < self.behaviour.comes_back:
            self.clock.process(self.come_back())
        else:
            self.seen.gave_up += 1
        return False


def walk(
    moments: Sequence[float], closes_s: float, *, rate: float, behaviour: Behaviour, share: float, seed: int
) -> Evening:
    """`moments`: when people join, in order. `share`: of the admissions, kept for returners."""
    simulated = _SimulatedLine(behaviour, rate, share, seed)
    simulated.clock.process(simulated.arrive(moments))
    simulated.clock.process(simulated.door())
    simulated.clock.run(until=closes_s)
    simulated.seen.in_line = len(simulated.line)
    return simulated.seen
