"""The people of a run: the rehearsal's crowd, coming at an even rate and buying for no event."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass

from simulator.crowd.service import Service
from simulator.rehearsal.crowd import Crowd, rate_at
from simulator.rehearsal.patience import PatientApplicant


@dataclass(slots=True)
class SteadyCrowd(Crowd):
    """Comes until it is cancelled. Its journal says what each person saw."""

    @classmethod
    def of(cls, service: Service, paper: bytes, *, per_second: float, seed: int) -> SteadyCrowd:
        """`per_second`: people who come, on average."""
        dice = random.Random(seed)  # noqa: S311 - decides when they come
        return cls(service, paper, per_second / rate_at(0.0, 1.0), math.inf, dice, think_seconds=0.2)

    def finished_since(self, moment: float) -> int:
        """People who came after a moment of time.monotonic() and have their stamped file."""
        return sum(came > moment for came, _ in self.finished)

    def _person(self, number: int) -> PatientApplicant:
        person = Crowd._person(self, number)
        person.event, person.only_if_asked = "", True
        person.wait_seconds_max = 120
        return person


@dataclass(slots=True)
class ClosedCrowd(SteadyCrowd):
    """So many people side by side, each followed by the next: the highest rate that the service sustains."""

    side_by_side: int = 1

    @classmethod
    def like(cls, crowd: SteadyCrowd, side_by_side: int) -> ClosedCrowd:
        """A crowd of the same service, paper and dice."""
        return cls(
            crowd.service,
            crowd.paper,
            crowd.peak,
            crowd.seconds,
            crowd.dice,
            think_seconds=0.0,
            side_by_side=side_by_side,
        )

    async def come(self) -> None:
        """Lets people come until it is cancelled."""
        await asyncio.gather(*(self._one_after_the_other() for _ in range(self.side_by_side)))

    async def _one_after_the_other(self) -> None:
        while True:
            self.counts["came"] += 1
            person = asyncio.create_task(self._journey(self.counts["came"]))
            self.people.add(person)
            person.add_done_callback(self.people.discard)
            person.add_done_callback(self.paid.discard)
            await asyncio.wait([person])
