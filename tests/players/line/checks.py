"""What must hold of a line, whatever happens to its processes. Independent of the code that is watched:
positions are compared as the ticket's holders would, by window and place."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from meterai.waiting_room.rules.admission import DEPTH_S
from tests.players.line.site_admission import Pass

PERIOD_S = 10


@dataclass(slots=True)
class Checks:
    """Watches a line; `problems` says what was broken."""

    problems: list[str] = field(default_factory=list)
    furthest: tuple[int, int] = (0, 0)
    """The last place from which somebody has entered."""
    entered_ids: set[bytes] = field(default_factory=set)
    status: tuple[int, int, int, int] = (0, 0, 0, 0)
    seconds: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=PERIOD_S))
    """(rate, people who entered) of the last seconds."""
    most_over: float = 0.0
    """The most people who entered in ten seconds, of what the door's limit allows."""
    longest_knocking_s: float = 0.0

    def entered(self, one: Pass, knocked_first: float) -> None:
        """Somebody got a pass who had none."""
        if one.id in self.entered_ids:
            self.problems.append(f"{one.id.hex()} entered twice")
        self.entered_ids.add(one.id)
        self.furthest = max(self.furthest, one.position)
        self.longest_knocking_s = max(self.longest_knocking_s, one.at - knocked_first)

    def refused_as_not_called(self, position: tuple[int, int] | None) -> None:
        """Somebody who was there and wanted in was told to wait."""
        if position is not None and position < self.furthest:
            self.problems.append(f"{position} waits, and {self.furthest} is in")

    def published(self, epoch: int, sequence: int, frontier: tuple[int, int]) -> None:
        """A status."""
        if (epoch, sequence) <= self.status[:2] or frontier < self.status[2:]:
            self.problems.append(f"status {(epoch, sequence, *frontier)} after {self.status}")
        self.status = (epoch, sequence, *frontier)

    def second(self, rate: float, entered: int) -> None:
        """One second at the door: at most what flowed in, and what had gathered in both lanes' buckets."""
        self.seconds.append((rate, entered))
        highest = max(rate for rate, _ in self.seconds)
        allowed = highest / 60 * (len(self.seconds) + DEPTH_S) + 4
        people = sum(entered for _, entered in self.seconds)
        self.most_over = max(self.most_over, people / allowed)
        if people > allowed:
            self.problems.append(f"{people} entered in {PERIOD_S} s, {allowed:.0f} may")
