"""Times in the log: those of the controller run on, but for a clock that was set right and says so.

Which round of a beacon goes into a seed follows from the time of an entry: who may write an earlier one, when
it suits, knows the round.
"""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.switching import SAID_WITHIN_S
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts

SLACK_S = 3
"""Beyond a window: less is what the clocks of two controllers may differ, and nobody says so."""


class ClockCheck:
    """Of entries that the controller makes of itself; others tell when somebody else did something."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._last_at = 0
        self._suspect: tuple[int, int, int] | None = None

    def on_entry(self, n: int, at: int) -> None:
        """An entry of the controller's own. Steps back add up until time has gone on beyond them."""
        back_s = self._last_at - at
        if back_s > self._rules.now.schedule.window_s + SLACK_S:
            self.finish()
            self._suspect, self._last_at = (n, at, back_s), at
        self._last_at = max(self._last_at, at)

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """The controller may say that its clock was set right: in the middle of what it writes then."""
        if facts.action != CLOCK_SET_RIGHT:
            return
        self._last_at = min(self._last_at, at)
        if self._suspect is not None and abs(at - self._suspect[1]) <= SAID_WITHIN_S:
            self._suspect = None

    def finish(self) -> None:
        """Nothing is said of what was seen last."""
        if self._suspect is not None:
            n, _, back_s = self._suspect
            self._findings.add("log.clock", n, seconds=back_s)
            self._suspect = None
