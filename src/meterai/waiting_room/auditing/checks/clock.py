"""Times in the log: the controller's times never run back, unless an entry says that its clock was set right.

The time of an entry decides which round of a beacon goes into a seed. A controller that may write an earlier
time when it suits already knows the round.
"""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.switching import SAID_WITHIN_S
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts

SLACK_S = 3
"""More than a window. Clocks of two controllers may differ by less, and no entry says so."""


class ClockCheck:
    """Checks the times of entries that the controller makes itself. Other entries carry times of other
    clocks."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._last_at = 0
        self._suspect: tuple[int, int, int] | None = None

    def on_entry(self, n: int, at: int) -> None:
        """Checks an entry of the controller. Steps back add up until time has passed the latest time seen."""
        back_s = self._last_at - at
        if back_s > self._rules.now.schedule.window_s + SLACK_S:
            self.finish()
            self._suspect, self._last_at = (n, at, back_s), at
        self._last_at = max(self._last_at, at)

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes an entry that says that the controller's clock was set right. It stands among the others
        of its step."""
        if facts.action != CLOCK_SET_RIGHT:
            return
        self._last_at = min(self._last_at, at)
        if self._suspect is not None and abs(at - self._suspect[1]) <= SAID_WITHIN_S:
            self._suspect = None

    def finish(self) -> None:
        """Reports a step back that no entry has explained."""
        if self._suspect is not None:
            n, _, back_s = self._suspect
            self._findings.add("log.clock", n, seconds=back_s)
            self._suspect = None
