"""How many people may have entered: an admission bucket that fills at least as fast as the real one did.

The log states the rate at each move of a frontier. Between two entries the rate may have grown, as fast as
the controller's rules allow and never over the cap. The check takes the greatest possible rate, so that it
never accuses an honest site.
"""

from __future__ import annotations

import math
from collections import deque

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.bucket import Bucket
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts
from meterai.waiting_room.rules.admission import DEPTH_MIN, DEPTH_S
from meterai.waiting_room.rules.rate_control import GROWTH_MIN, GROWTH_PER_S

SLACK_S = 3
"""Times in the log are whole seconds, taken from several clocks."""
RECENT_S = 10
"""A claim is logged one step after it was made. The rate may have fallen in between."""
SUSPECTS_MAX = 100_000


class RateBound:
    """The greatest rate (people a minute) that the admission can have had at a time."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._operator_cap: int | None = None
        self._caps: deque[tuple[int, int]] = deque()
        self._rates: deque[tuple[int, int]] = deque()

    def on_rules(self, at: int) -> None:
        """Notes the cap of a new policy."""
        self._note_cap(at)

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes that an operator set or removed a cap, or stated the rate that the site bears, or that a
        clock was set right."""
        told = facts.number
        if facts.action == "cap":
            self._operator_cap = told
            self._note_cap(at)
        elif facts.action == "expect" and told:
            self._rates.append((at, told))
        elif facts.action == CLOCK_SET_RIGHT:  # else a rate would seem not to grow until the wrong time
            self._rates = deque((min(then, at), rate) for then, rate in self._rates)
            self._caps = deque((min(then, at), cap) for then, cap in self._caps)

    def on_rate(self, n: int, at: int, rate: int) -> None:
        """Notes a rate from the log."""
        self._findings.examined("rate")
        if rate > (cap := self.cap(at)):
            self._findings.add("rate.over_cap", n, rate=rate, cap=cap)
        # A rate of 0 says that the door is shut. It does not say at which rate it opens again.
        if rate > 0:
            self._rates.append((at, rate))
        while len(self._rates) > 1 and self._rates[1][0] < at - RECENT_S:
            self._rates.popleft()

    def at(self, at: int) -> float:
        """Returns the greatest possible rate at this time."""
        cap = self.cap(at)
        if not self._rates:
            return cap
        then, rate = self._rates[-1]
        grown = _grown(max(rate, self._rules.now.policy.rate_floor), at - then + SLACK_S)
        recent = max(rate for when, rate in self._rates)
        return min(float(cap), max(grown, recent))

    def caps(self, at: int) -> tuple[int, int]:
        """Returns the least and the greatest cap in force during the last seconds."""
        most = self.cap(at)
        return min((cap for _, cap in self._caps), default=most), most

    def cap(self, at: int) -> int:
        """Returns the greatest cap in force during the last seconds."""
        while len(self._caps) > 1 and self._caps[1][0] < at - RECENT_S:
            self._caps.popleft()
        return max((cap for _, cap in self._caps), default=self._rules.now.policy.rate_cap)

    def _note_cap(self, at: int) -> None:
        policy, wish = self._rules.now.policy.rate_cap, self._operator_cap
        self._caps.append((at, policy if wish is None else min(policy, wish)))


class AdmissionCheck:
    """Compares the claims in the log with the bucket."""

    def __init__(self, rates: RateBound, findings: Findings) -> None:
        self._rates, self._findings = rates, findings
        self._bucket = Bucket()

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes that a clock was set right."""
        if facts.action == CLOCK_SET_RIGHT:
            self._bucket.set_right(at)

    def entered(self, n: int, at: int) -> None:
        """Counts one more person who entered, other than for an order in progress."""
        rate = self._rates.at(at)
        full = 2 * DEPTH_MIN + rate / 60 * (DEPTH_S + SLACK_S)
        if not self._bucket.take(at, full=full, per_s=rate / 60):
            self._findings.add("rate.too_many", n, rate=round(rate))


class HaltCheck:
    """Whether anybody entered while an operator had halted the queue, in whichever lane."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._halted_at: int | None = None
        self._suspects: list[tuple[int, int]] = []

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes that an operator halted or resumed the queue."""
        if facts.action == "halt" and self._halted_at is None:
            self._halted_at = at
        elif facts.action == "resume":
            self._judge_suspects(resumed_at=at)
            self._halted_at = None

    def entered(self, n: int, at: int) -> None:
        """Notes a person who entered after the halt, to judge when it ends."""
        is_late = self._halted_at is not None and at > self._halted_at + SLACK_S
        if is_late and len(self._suspects) < SUSPECTS_MAX:
            self._suspects.append((n, at))

    def finish(self) -> None:
        """Judges what is left at the end of the log."""
        self._judge_suspects(resumed_at=None)

    def _judge_suspects(self, *, resumed_at: int | None) -> None:
        """Reports claims during a halt.

        The log puts claims before operator actions of the same second. So claims in the last second are
        honest.
        """
        for n, at in self._suspects:
            if resumed_at is None or at < resumed_at - SLACK_S:
                self._findings.add("rate.halted", n)
        self._suspects = []


def _grown(rate: float, seconds: float) -> float:
    """Returns the greatest rate to which the controller can have raised `rate`."""
    turning = GROWTH_MIN / GROWTH_PER_S
    if rate < turning:
        linear_s = (turning - rate) / GROWTH_MIN
        if seconds <= linear_s:
            return rate + GROWTH_MIN * seconds
        rate, seconds = turning, seconds - linear_s
    return rate * math.exp(min(100.0, GROWTH_PER_S * seconds))
