"""How many may have entered: the door's bucket, filled at no less than the rate at which the real one was.

The log tells the rate whenever a frontier moves. Between two entries it may have grown, at most by the law of
the controller and never over the cap; so that an honest door is never accused, the greatest is taken.
"""

from __future__ import annotations

import math
from collections import deque

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts
from meterai.waiting_room.rules.admission import DEPTH_MIN, DEPTH_S
from meterai.waiting_room.rules.rate_control import GROWTH_MIN, GROWTH_PER_S

SLACK_S = 3
"""Times in the log are whole seconds, of several clocks."""
RECENT_S = 10
"""A claim is logged a step later than it was made; the rate may have fallen meanwhile."""
SUSPECTS_MAX = 100_000


class RateBound:
    """The greatest rate (people a minute) that the door can have had at a time."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._operator_cap: int | None = None
        self._caps: deque[tuple[int, int]] = deque()
        self._rates: deque[tuple[int, int]] = deque()

    def on_rules(self, at: int) -> None:
        """The policy may have another cap."""
        self._note_cap(at)

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """An operator may have set a cap, or taken it back, or told what the site bears."""
        told = int(facts.value) if facts.value.isdigit() else None
        if facts.action == "cap":
            self._operator_cap = told
            self._note_cap(at)
        elif facts.action == "expect" and told:
            self._rates.append((at, told))

    def on_rate(self, n: int, at: int, rate: int) -> None:
        """The log tells the rate."""
        self._findings.examined("rate")
        if rate > (cap := self._cap(at)):
            self._findings.add("rate.over_cap", n, rate=rate, cap=cap)
        # A rate of 0 says that the door is shut, and nothing of the rate at which it is opened again.
        if rate > 0:
            self._rates.append((at, rate))
        while len(self._rates) > 1 and self._rates[1][0] < at - RECENT_S:
            self._rates.popleft()

    def at(self, at: int) -> float:
        """The bound."""
        cap = self._cap(at)
        if not self._rates:
            return cap
        then, rate = self._rates[-1]
        grown = _grown(max(rate, self._rules.now.policy.rate_floor), at - then + SLACK_S)
        recent = max(rate for when, rate in self._rates)
        return min(float(cap), max(grown, recent))

    def _cap(self, at: int) -> int:
        """The greatest cap in force during the last seconds."""
        while len(self._caps) > 1 and self._caps[1][0] < at - RECENT_S:
            self._caps.popleft()
        return max((cap for _, cap in self._caps), default=self._rules.now.policy.rate_cap)

    def _note_cap(self, at: int) -> None:
        policy, wish = self._rules.now.policy.rate_cap, self._operator_cap
        self._caps.append((at, policy if wish is None else min(policy, wish)))


class AdmissionCheck:
    """The claims against the bucket."""

    def __init__(self, rates: RateBound, findings: Findings) -> None:
        self._rates, self._findings = rates, findings
        self._level = math.inf
        self._filled_at = 0
        self._halted_at: int | None = None
        self._suspects: list[tuple[int, int]] = []

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """An operator may have halted the queue, or let it go on; or a clock was set right."""
        if facts.action == "halt" and self._halted_at is None:
            self._halted_at = at
        elif facts.action == "resume":
            self._judge_suspects(resumed_at=at)
            self._halted_at = None
        elif facts.action == CLOCK_SET_RIGHT:
            self._filled_at = min(self._filled_at, at)

    def entered(self, n: int, at: int) -> None:
        """One more person, who is not let through for an order in flight."""
        rate = self._rates.at(at)
        full = 2 * DEPTH_MIN + rate / 60 * (DEPTH_S + SLACK_S)
        flow = rate / 60 * max(0, at - self._filled_at)
        self._filled_at = max(self._filled_at, at)
        self._level = min(full, self._level + flow) - 1
        if self._level < 0:
            self._findings.add("rate.too_many", n, rate=round(rate))
            self._level = 0.0
        is_late = self._halted_at is not None and at > self._halted_at + SLACK_S
        if is_late and len(self._suspects) < SUSPECTS_MAX:
            self._suspects.append((n, at))

    def finish(self) -> None:
        """The log has come to its end."""
        self._judge_suspects(resumed_at=None)

    def _judge_suspects(self, *, resumed_at: int | None) -> None:
        """Claims are logged in front of what was said in the same second: those after the end are honest."""
        for n, at in self._suspects:
            if resumed_at is None or at < resumed_at - SLACK_S:
                self._findings.add("rate.halted", n)
        self._suspects = []


def _grown(rate: float, seconds: float) -> float:
    """By how much the controller can have raised a rate."""
    turning = GROWTH_MIN / GROWTH_PER_S
    if rate < turning:
        linear_s = (turning - rate) / GROWTH_MIN
        if seconds <= linear_s:
            return rate + GROWTH_MIN * seconds
        rate, seconds = turning, seconds - linear_s
    return rate * math.exp(min(100.0, GROWTH_PER_S * seconds))
