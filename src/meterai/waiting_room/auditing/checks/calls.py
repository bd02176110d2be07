"""How many people a frontier called, against the most that the rules let a controller call.

The people of a move are counted as the controller counts them: the different people of a window, times the
part of its places that the frontier passed. How many have exactly these places is chance.
"""

from __future__ import annotations

import math
from collections import deque

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.admissions import RateBound
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.rules.model import U_MAX, Frontier
from meterai.waiting_room.rules.rate_control import CALLS_FACTOR_MAX
from meterai.waiting_room.rules.step_times import ELAPSED_S_MAX

ROUNDED_S = 1
"""Times in the log are whole seconds."""
_MINUTE_S = 60
_ROUNDING = 0.01
"""People. Shares of a window are not exact."""


class CallsCheck:
    """Seconds of calling that a controller has saved up: it may call for the time since its last step.

    After a pause it calls for `ELAPSED_S_MAX` at most. In each second it calls at most `CALLS_FACTOR_MAX`
    times the cap. The greatest cap of the last seconds counts, so the check accuses no honest controller.
    """

    def __init__(self, rules: RulesCheck, rates: RateBound, findings: Findings) -> None:
        self._rules, self._rates, self._findings = rules, rates, findings
        self._line: deque[tuple[int, int]] = deque()
        """(window, people) of closed windows that the frontier has not passed, in order."""
        self._saved_s = math.inf
        self._moved_at = self._entry_at = 0
        self._called = 0.0
        self._minute = BusiestMinute()

    @property
    def called(self) -> int:
        """People who were called so far."""
        return round(self._called)

    @property
    def most_in_a_minute(self) -> int:
        """The most people who were called within a minute."""
        return round(self._minute.most)

    def on_close(self, window: int, people: int) -> None:
        """Notes how many different people joined in a window that is over."""
        self._line.append((window, people))

    def on_entry(self, at: int) -> None:
        """Notes a time of the controller. When its clock goes back it counts its time again from there."""
        if at < self._entry_at:
            self._saved_s = math.inf
        self._entry_at = at

    def on_move(self, n: int, at: int, before: Frontier, moved: Frontier) -> None:
        """Counts the people of a move, and compares them with what the rules allow."""
        people = self._passed(before, moved)
        self._called += people
        self._minute.add(at, people)
        self._saved_s = min(ELAPSED_S_MAX + ROUNDED_S, self._saved_s + max(0, at - self._moved_at))
        self._moved_at = at
        cap = self._rates.cap(at)
        per_s = cap / 60 * CALLS_FACTOR_MAX
        most = per_s * self._saved_s
        if people > most + _ROUNDING and self._rules.now.log >= LOG_STATES:
            self._findings.add("frontier.too_many", n, people=round(people), most=int(most), cap=cap)
        self._saved_s = max(0.0, self._saved_s - people / per_s) if per_s else 0.0

    def _passed(self, before: Frontier, moved: Frontier) -> float:
        passed = 0.0
        while self._line and self._line[0][0] < moved.window:
            window, people = self._line.popleft()
            passed += people - (people * before.x / U_MAX if window == before.window else 0)
        if self._line and self._line[0][0] == moved.window:
            start = before.x if before.window == moved.window else 0
            passed += self._line[0][1] * (moved.x - start) / U_MAX
        return max(0.0, passed)


class BusiestMinute:
    """The most people within any 60 seconds."""

    def __init__(self) -> None:
        self.most = 0.0
        self._lately: deque[tuple[int, float]] = deque()
        """(time, people), at most one for each second."""

    def add(self, at: int, people: float) -> None:
        """Adds people at this time. After a clock was set back, earlier people count as of this time."""
        if self._lately and at < self._lately[-1][0]:
            people += sum(count for then, count in self._lately if then >= at)
            self._lately = deque(one for one in self._lately if one[0] < at)
        elif self._lately and at == self._lately[-1][0]:
            people += self._lately.pop()[1]
        self._lately.append((at, people))
        while self._lately[0][0] <= at - _MINUTE_S:
            self._lately.popleft()
        self.most = max(self.most, sum(count for _, count in self._lately))
