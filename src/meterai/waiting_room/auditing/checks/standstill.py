"""Whether the frontier stood while people waited, without a cause in the log."""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.states import StateCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.rules.admission import DEPTH_MIN, KNOCKED_LATELY_S
from meterai.waiting_room.rules.model import NOBODY, QueueState
from meterai.waiting_room.rules.rate_history import OUTAGE_MIN_S
from meterai.waiting_room.rules.state_causes import StateCause

STANDS_S = 10
"""A controller moves the frontier in each step, and says within four seconds that it took none."""


class StandstillCheck:
    """Looks at the controller's entries. `look` comes after each of them."""

    def __init__(
        self,
        rules: RulesCheck,
        windows: WindowCheck,
        frontiers: FrontierCheck,
        states: StateCheck,
        findings: Findings,
    ) -> None:
        self._rules, self._windows, self._frontiers = rules, windows, frontiers
        self._states, self._findings = states, findings
        self._frontier = NOBODY
        self._told_at = self._claimed_at = 0
        self._has_claimed = False
        self._since: int | None = None
        """Since when people wait who should be called; None: nobody does."""

    def finish(self, at: int) -> None:
        """Judges the time after the last entry."""
        self._judge(None, at)

    def on_claim(self) -> None:
        """Notes that somebody entered before the controller's next entry."""
        self._has_claimed = True

    def look(self, n: int, at: int, facts: object) -> None:
        """Judges the time until an entry of the controller, and begins with the time after it."""
        self._told_at = at if isinstance(facts, StateFacts) else self._told_at
        self._claimed_at = at if self._has_claimed else self._claimed_at
        self._has_claimed = False
        away_s = facts.away_s if isinstance(facts, StateFacts) else 0
        self._judge(n, at - away_s)
        moved, self._frontier = self._frontiers.new != self._frontier, self._frontiers.new
        due = self._due_at(at)
        if due is None or moved or away_s:
            self._since = None
        if due is not None:
            self._since = due if self._since is None else min(self._since, due)

    def set_right(self, at: int) -> None:
        """Begins again at this time, because a clock was set right."""
        self._since = None if self._since is None else at

    def _judge(self, n: int | None, until: int) -> None:
        if self._since is not None and until - self._since > STANDS_S:
            self._findings.add("frontier.stands", n, seconds=until - self._since)
            self._since = until

    def _due_at(self, at: int) -> int | None:
        """From when on the frontier has to move; None: it need not."""
        windows, frontier = self._windows, self._frontiers.new
        if self._is_held(at) or windows.joined_last < frontier.window:
            return None
        revealed = -1 if windows.revealed_through is None else windows.revealed_through
        if frontier.window <= revealed:
            return at
        due = windows.draw_due_at(revealed + 1)
        return None if due is None else max(at, due) + int(OUTAGE_MIN_S)

    def _is_held(self, at: int) -> bool:
        """Whether the log says why people wait, or that nobody has to."""
        told = self._states.now
        if self._rules.now.log < LOG_STATES or told is None:
            return True
        if told.state not in (QueueState.OPEN, QueueState.LAST_CALL):
            return True
        if told.cause is StateCause.DOOR_FULL:
            return at <= max(self._told_at, self._claimed_at) + _nobody_enters_s(told.rate)
        return told.cause.holds_people


def _nobody_enters_s(rate: int) -> float:
    """How long a full admission may let nobody in, at a rate in people a minute.

    People who found it full count for a minute. Two people's worth may fill one lane before the other.
    """
    return KNOCKED_LATELY_S + 60 / max(1, rate) * (2 * DEPTH_MIN + 1)
