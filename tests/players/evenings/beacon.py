"""A public beacon for an evening: rounds of drand's quicknet that nobody knew before, by true time."""

from __future__ import annotations

import hashlib

from meterai.waiting_room.control.step_draft import Beacon
from meterai.waiting_room.rules.beacon_rounds import due_at
from tests.players.evenings.clocks import Clocks

NAME = "drand-quicknet"


class BeaconTwin:
    """Answers for rounds that are due. `is_away`: it answers nothing."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self.is_away = False

    def source(self) -> Beacon:
        """The beacon as a controller uses it."""
        return Beacon(NAME, self._value)

    def _value(self, number: int) -> str | None:
        if self.is_away or due_at(NAME, number) > self._clocks.now:
            return None
        return f"{number}:{hashlib.sha256(str(number).encode()).hexdigest()}"
