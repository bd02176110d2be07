"""The site behind the gate, as a fluid: what the controller measures of it, and how quickly people get in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import msgspec

from benchmarks.evenings.truth import STEP_S
from meterai.waiting_room.rules.admission import AdmissionBuckets
from meterai.waiting_room.rules.rate_model import SiteMeasurements


@dataclass(slots=True)
class Site:
    """Its load follows from those who entered in the last half minute, against what it bears."""

    came: float = 0.0
    """People who were called and came to the door."""
    entered: float = 0.0
    inflow: float = 0.0
    """People a minute who entered, of late."""
    backlog: float = 0.0
    silent_s: float = 0.0
    door: AdmissionBuckets = field(default_factory=lambda: AdmissionBuckets(0.0, 0.0, 0.0))

    def enter(self, rate: float, returners_percent: int, now: float) -> float:
        """Lets in the people that the real admission lets in; returns their number."""
        self.door = self.door.filled(rate, returners_percent, now)
        people = float(min(int(self.door.new + self.door.returner), int(self.came - self.entered)))
        from_new = min(people, self.door.new)
        self.door = msgspec.structs.replace(
            self.door, new=self.door.new - from_new, returner=self.door.returner - (people - from_new)
        )
        self.entered += people
        return people

    @property
    def admission_is_full(self) -> bool:
        """People stand before it."""
        return self.door.new < 1

    def work(self, entered: float, bears: float, *, is_silent: bool) -> None:
        """One step of its work."""
        keep = math.exp(-STEP_S / 20)
        self.inflow = self.inflow * keep + entered * 60 / STEP_S * (1 - keep)
        self.backlog = max(0.0, self.backlog + entered - bears * STEP_S / 60)
        self.silent_s = self.silent_s + STEP_S if is_silent else 0.0

    def measured(self, bears: float, usual: float) -> SiteMeasurements:
        """What the controller sees: latency climbs with the load, nobody can pay when the gateway is down."""
        load = self.inflow / max(bears, 1.0)
        return SiteMeasurements(
            heard_s=self.silent_s,
            p95_ms=min(100 + 600 * load**4, 20_000),
            requests=100,
            can_buy=bears >= 0.3 * usual,
            backlog_s=self.backlog / max(bears, 1.0) * 60,
        )
