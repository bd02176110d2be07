"""The frontier of each lane: it only moves forward, and only over windows whose seed is published."""

from __future__ import annotations

from collections import deque

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.people.admissions import RateBound
from meterai.waiting_room.files.log_facts import FrontierFacts
from meterai.waiting_room.rules.model import NOBODY, Frontier, Lane

TOLERANCE_S = 5
"""Clocks of several machines differ, and a claim may be in progress while a step is decided."""


class FrontierCheck:
    """The frontiers at this place of the log."""

    def __init__(
        self, rules: RulesCheck, windows: WindowCheck, rates: RateBound, *, notes: Notes, findings: Findings
    ) -> None:
        self._rules, self._windows, self._rates = rules, windows, rates
        self._notes, self._findings = notes, findings
        self.new = self.late = NOBODY
        self._epoch = 0
        self._recent: deque[tuple[int, Frontier]] = deque()
        """(time, frontier) of the new lane, which shows when places were called."""
        self._late_recent: deque[tuple[int, Frontier]] = deque()

    def on_frontier(self, n: int, at: int, facts: FrontierFacts) -> None:
        """Checks a move of a frontier."""
        self._findings.examined("frontier")
        if facts.epoch < self._epoch:
            self._findings.add("frontier.epoch", n, epoch=facts.epoch, before=self._epoch)
        self._epoch = max(self._epoch, facts.epoch)
        self._rates.on_rate(n, at, facts.rate)
        moved = facts.frontier
        before = self.new if facts.lane is Lane.NEW else self.late
        if moved < before or facts.lane is Lane.IN_FLIGHT:
            self._findings.add("frontier.back", n, lane=facts.lane.name, window=moved.window, x=moved.x)
        self._check_known(n, facts.lane, moved)
        if facts.lane is Lane.NEW:
            # A frontier moves over empty windows without end.
            if moved > before and self._windows.joined_last >= before.window and self._rules.is_over(at):
                self._findings.add("frontier.after_closing", n)
            self.new = max(self.new, moved)
            self._recent.append((at, self.new))
            self._notes.add("moves", n, at, self.new.window, self.new.x.to_bytes(8, "big"))
        elif facts.lane is Lane.RETURNER:
            self._check_returners(n, at, moved)
            self.late = max(self.late, moved)
            self._late_recent.append((at, self.late))
            _forget(self._late_recent, at - TOLERANCE_S)

    def on_clock_set_right(self, at: int) -> None:
        """Notes that the controller's clock had been ahead. What it called then counts as called now."""
        for recent in (self._recent, self._late_recent):
            if recent and recent[-1][0] > at:
                newest = recent[-1][1]
                while recent and recent[-1][0] >= at:
                    recent.pop()
                recent.append((at, newest))

    def lanes_of(self, at: int, window: int, place: int) -> set[Lane]:
        """The lanes in which the holder of a place may have entered at this time; empty: the place was not
        called."""
        lanes = set()
        if self.new.calls(window, place):
            earlier = [late for then, late in self._late_recent if then <= at - TOLERANCE_S]
            lapsed = earlier[-1] if earlier else NOBODY
            if not lapsed.calls(window, place):
                lanes.add(Lane.NEW)
            if self.late.calls(window, place):
                lanes.add(Lane.RETURNER)
            lanes.add(Lane.IN_FLIGHT)
        return lanes

    def _check_known(self, n: int, lane: Lane, moved: Frontier) -> None:
        last = moved.window if moved.x else moved.window - 1
        told = min(_or_before(self._windows.closed_through), _or_before(self._windows.revealed_through))
        if last > told and last >= self._windows.first:
            self._findings.add("frontier.unknown", n, lane=lane.name, window=last)

    def _check_returners(self, n: int, at: int, moved: Frontier) -> None:
        minutes = self._rules.now.policy.claim_minutes
        _forget(self._recent, at - minutes * 60)
        then = [frontier for when, frontier in self._recent if when <= at - minutes * 60]
        reached = then[-1] if then else Frontier(self._windows.first, 0)
        if moved > reached:
            self._findings.add("frontier.returners", n, window=moved.window, x=moved.x, minutes=minutes)


def _forget(recent: deque[tuple[int, Frontier]], before: int) -> None:
    """Forgets old frontiers, except the newest of them."""
    while len(recent) > 1 and recent[1][0] <= before:
        recent.popleft()


def _or_before(window: int | None) -> int:
    return -1 if window is None else window
