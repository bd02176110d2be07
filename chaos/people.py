"""The people of a run: the rehearsal's crowd, coming at an even rate and buying for no event."""

from __future__ import annotations

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
