"""Times of claims. Others than the controller write them, so a claim may name any time.

When a claim was logged is known from the first signed head that covers it. A controller logs each claim in
its next step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from meterai.waiting_room.auditing.checks.frontier import TOLERANCE_S
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.outages import Outages
from meterai.waiting_room.auditing.people.recent_calls import RecentCalls
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts, StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.model import Frontier
from meterai.waiting_room.rules.step_times import CLAIMS_A_STEP, CLOCK_RUNS_BACK_S, PAUSE_FROM_S

LOGGED_WITHIN_S = PAUSE_FROM_S + TOLERANCE_S
WAITING_MAX = 10 * CLAIMS_A_STEP
"""Claims that wait for their judgement. Only a restore writes more of them under heads of one time."""


class _Claim(NamedTuple):
    n: int
    at: int
    called_at: int | None
    last_at: int
    """The latest time of the controller before this entry."""
    closes_at: float
    back_s: int
    """How far a clock may go back without an entry that says so."""


@dataclass(slots=True)
class _Batch:
    """Claims under heads of one time, and what the log says beside them."""

    signed_at: int = 0
    claims: list[_Claim] = field(default_factory=list)
    is_restored: bool = False
    is_set_right: bool = False


class ClaimTimes:
    """Judges the claims under a head at the next head of another time. Then all of their step is known."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._outages, self._calls = Outages(), RecentCalls()
        self._rules_at: int | None = None
        self._unsigned: list[_Claim] = []
        self._acts: list[tuple[int, str]] = []
        """(entry, action) of acts that no head covers yet."""
        self._batch = _Batch()

    # ------------------------------------------------------------------ the log

    def on_rules(self, at: int) -> None:
        """Notes when the first rules were logged."""
        self._rules_at = at if self._rules_at is None else self._rules_at

    def on_entry(self, at: int) -> None:
        """Notes the time of an entry that the controller made itself."""
        self._outages.on_entry(at)

    def on_state(self, at: int, facts: StateFacts) -> None:
        """Notes how long there was no controller, if that is what the entry states."""
        if facts.away_s > 0:
            self._outages.on_away(at, facts.away_s)

    def on_move(self, at: int, frontier: Frontier) -> None:
        """Notes a move of the newcomers' frontier."""
        self._calls.add(at, frontier)

    def on_operator(self, n: int, at: int, facts: OperatorFacts) -> None:
        """Notes that a clock was set right, or that files or the database were restored from a copy."""
        if facts.action == RESTORE:
            self._acts.append((n, RESTORE))
        elif facts.action == CLOCK_SET_RIGHT:
            if at < self._outages.last_at:
                self._acts.append((n, CLOCK_SET_RIGHT))
            self._outages.set_right(at)
            self._calls.set_right(at)
            self._rules_at = None if self._rules_at is None else min(self._rules_at, at)

    def on_claim(self, n: int, at: int, window: int, place: int) -> None:
        """Notes a claim."""
        now = self._rules.now
        if now.log < LOG_STATES:
            return
        claim = _Claim(
            n,
            at,
            self._calls.called_at(window, place),
            self._outages.last_at,
            math.inf if now.policy.line_counts else now.schedule.closes_at,
            max(int(CLOCK_RUNS_BACK_S), now.schedule.window_s),
        )
        self._unsigned.append(claim)
        if len(self._unsigned) > WAITING_MAX:
            self._judge(_Batch(claims=self._unsigned, is_restored=True))
            self._unsigned = []

    def on_head(self, at: int, size: int) -> None:
        """Notes that a head covers the entries before number `size`. Heads of one step have one time."""
        batch = self._batch
        if at != batch.signed_at or len(batch.claims) > WAITING_MAX:
            batch.is_restored |= len(batch.claims) > WAITING_MAX
            self._judge(batch)
            batch = self._batch = _Batch(at)
        said = {action for n, action in self._acts if n < size}
        batch.is_restored |= RESTORE in said
        batch.is_set_right |= CLOCK_SET_RIGHT in said
        batch.claims += [claim for claim in self._unsigned if claim.n < size]
        self._unsigned = [claim for claim in self._unsigned if claim.n >= size]
        self._acts = [one for one in self._acts if one[0] >= size]

    def finish(self) -> None:
        """Judges the claims under the last heads."""
        self._judge(self._batch)
        self._batch = _Batch(self._batch.signed_at)

    # ------------------------------------------------------------------ judging

    def _judge(self, batch: _Batch) -> None:
        if not batch.is_set_right:  # their times are of the clock that was ahead, or of the one that is right
            for claim in batch.claims:
                self._judge_claim(claim, batch)
        if len(batch.claims) >= CLAIMS_A_STEP:  # the others had to wait for the next step
            self._outages.add(batch.signed_at, batch.signed_at + PAUSE_FROM_S)

    def _judge_claim(self, claim: _Claim, batch: _Batch) -> None:
        add, back_s = self._findings.add, claim.back_s
        # After a restore entries are signed again. The time of the controller before them is known.
        logged_at = claim.last_at if batch.is_restored else batch.signed_at
        may_s = LOGGED_WITHIN_S + (back_s if batch.is_restored else 0)
        if self._rules_at is not None and claim.at < self._rules_at - TOLERANCE_S:
            add("claim.before_rules", claim.n, seconds=self._rules_at - claim.at)
        elif claim.called_at is not None and claim.at < claim.called_at - TOLERANCE_S - back_s:
            add("claim.before_call", claim.n, seconds=claim.called_at - claim.at)
        elif (late_s := self._late_s(claim.at, logged_at, may_s)) > 0:
            is_past = claim.at < claim.closes_at < logged_at
            add("claim.past_closing" if is_past else "claim.logged_late", claim.n, seconds=late_s)
        elif not batch.is_restored and claim.at > batch.signed_at + TOLERANCE_S + back_s:
            add("claim.in_future", claim.n, seconds=claim.at - batch.signed_at)

    def _late_s(self, at: int, logged_at: int, may_s: int) -> int:
        """The seconds between a claim and its entry, without outages; 0: not too many."""
        if logged_at - at <= may_s:
            return 0
        late_s = logged_at - at - self._outages.seconds_in(at, logged_at)
        return late_s if late_s > may_s else 0
