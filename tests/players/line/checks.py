"""What must hold of a line, whatever happens to its processes.

The checks are independent of the code that they watch. They compare positions by window and place, as holders
of tickets would.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from meterai.waiting_room.rules.admission import DEPTH_S
from tests.players.line.site_admission import Pass

PERIOD_S = 10


@dataclass(slots=True)
class Checks:
    """Watches a line. `problems` names the broken rules."""

    problems: list[str] = field(default_factory=list)
    furthest: tuple[int, int] = (0, 0)
    """The last place whose holder has entered."""
    entered_ids: set[bytes] = field(default_factory=set)
    status: tuple[int, int, int, int] = (0, 0, 0, 0)
    seconds: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=PERIOD_S))
    """(rate, people who entered) of the last seconds."""
    most_over: float = 0.0
    """The most people who entered in ten seconds, as a part of the admission's limit."""
    longest_knocking_s: float = 0.0

    def entered(self, one: Pass, knocked_first: float) -> None:
        """Notes that a person without a pass got one."""
        if one.id in self.entered_ids:
            self.problems.append(f"{one.id.hex()} entered twice")
        self.entered_ids.add(one.id)
        self.furthest = max(self.furthest, one.position)
        self.longest_knocking_s = max(self.longest_knocking_s, one.at - knocked_first)

    def refused_as_not_called(self, position: tuple[int, int] | None) -> None:
        """Notes that a person who was present and wanted to enter was told to wait."""
        if position is not None and position < self.furthest:
            self.problems.append(f"{position} waits, and {self.furthest} is in")

    def published(self, epoch: int, sequence: int, frontier: tuple[int, int]) -> None:
        """Checks a published status."""
        if (epoch, sequence) <= self.status[:2] or frontier < self.status[2:]:
            self.problems.append(f"status {(epoch, sequence, *frontier)} after {self.status}")
        self.status = (epoch, sequence, *frontier)

    def second(self, rate: float, entered: int) -> None:
        """Checks one second at the door: at most the inflow, plus what both lanes' buckets had gathered."""
        self.seconds.append((rate, entered))
        highest = max(rate for rate, _ in self.seconds)
        allowed = highest / 60 * (len(self.seconds) + DEPTH_S) + 4
        people = sum(entered for _, entered in self.seconds)
        self.most_over = max(self.most_over, people / allowed)
        if people > allowed:
            self.problems.append(f"{people} entered in {PERIOD_S} s, {allowed:.0f} may")
