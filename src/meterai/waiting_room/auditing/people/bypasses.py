"""Purchases without a place: no more than the log stated when the line began, and than the rules allow."""

from __future__ import annotations

from collections import deque

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.admissions import SLACK_S
from meterai.waiting_room.auditing.people.bucket import Bucket
from meterai.waiting_room.files.log_facts import BypassFacts, OperatorFacts, StateFacts
from meterai.waiting_room.files.published_documents import LOG_STATES
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.bypasses import COUNTED_AGAIN_S, PROBE_EVERY_S
from meterai.waiting_room.rules.general_share import depth_of
from meterai.waiting_room.rules.state_causes import StateCause

TAKES_S = 120
"""From the sending of a form to its order, while its documents are checked; and clocks differ."""
ORDERS_S = 10
"""From a place in the general share to its order."""
REFS_MAX = 20_000


class BypassCheck:
    """The people who may go on without a place, at this place of the log."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._is_free, self._has_line = True, False
        self._inside: int | None = 0
        """How many may go on; None: an older release did not count them."""
        self._until = self._may_grow_until = 0
        self._is_silent = False
        self.stated = 0
        """How many might go on, over all lines so far."""
        self._are_stated = False
        """Whether the log states how many go on. Older releases did not."""
        self._uncounted_until = 0
        self._refs: set[str] = set()
        self._general = _GeneralShare(rules, findings)
        self._probe, self._probe_refs = Bucket(), set[str]()

    def on_rules(self, at: int, *, is_first: bool) -> None:
        """Notes whether the log states from now on how many go on."""
        self._general.on_rules(at)
        if self._rules.now.log >= LOG_STATES and not self._are_stated:
            self._are_stated = True
            if not is_first:
                self._forget(at)

    def on_state(self, at: int, facts: StateFacts) -> None:
        """Notes that a line begins, or that more people than stated had a form before it."""
        told = facts.number
        if facts.cause is StateCause.CONTROLLER_AWAY:
            self._extend(at)
            return
        began_freely, had_line = self._is_free, self._has_line
        if self._is_silent:  # the site may have gone on without knowing of the line
            self._extend(at)
        is_unheard = self._is_silent = facts.cause is StateCause.SITE_SILENT
        if not (is_unheard and began_freely and told is None):  # nobody has to wait for a site that starts
            self._is_free = facts.state.stands_still
            self._has_line = facts.state.has_line
        if (began_freely and not self._is_free) or (not had_line and self._has_line):
            self._begin(at, told)
        elif told is not None and self._inside is not None and at <= self._may_grow_until:
            self.stated += max(0, told - self._inside)
            self._inside = max(self._inside, told)

    def on_operator(self, at: int, facts: OperatorFacts) -> None:
        """Notes that the database was restored from a copy, which may lack the forms since then."""
        if facts.action == RESTORE:
            self._forget(at)

    def on_clock_set_right(self, at: int) -> None:
        """Notes that the times of forms changed."""
        self._extend(at)
        self._general.on_clock_set_right(at)
        self._probe.set_right(at)

    def on_bypass(self, n: int, at: int, facts: BypassFacts) -> None:
        """Checks a purchase without a place."""
        self._findings.examined("bypass")
        if not self._are_stated:
            return
        if facts.why == "was_inside":
            self._was_inside(n, at, facts.ref)
        elif facts.why == "general_share":
            self._general.take(n, at, facts.ref)
        elif facts.why == "probe":
            self._was_probe(n, at, facts.ref)
        else:
            self._findings.add("bypass.unknown", n, why=facts.why)

    def _begin(self, at: int, told: int | None) -> None:
        self._inside = None if at <= self._uncounted_until else told or 0
        self.stated += told or 0
        self._refs.clear()
        self._extend(at)

    def _forget(self, at: int) -> None:
        self._inside, self._uncounted_until = None, at + self._inside_s()

    def _extend(self, at: int) -> None:
        self._until = at + self._inside_s() + TAKES_S
        self._may_grow_until = at + COUNTED_AGAIN_S + SLACK_S

    def _inside_s(self) -> int:
        return 60 * (self._rules.now.inside_minutes or 0)

    def _was_inside(self, n: int, at: int, ref: str) -> None:
        if self._inside is None or ref in self._refs:
            return
        if at > self._until:
            self._findings.add("bypass.late", n, minutes=self._rules.now.inside_minutes or 0)
        elif len(self._refs) >= self._inside:
            self._findings.add("bypass.too_many", n, stated=self._inside)
        else:
            self._refs.add(ref)

    def _was_probe(self, n: int, at: int, ref: str) -> None:
        """Checks an order of the status page's probe. It may have one a minute."""
        if ref in self._probe_refs:
            return
        self._probe_refs.add(ref)
        if len(self._probe_refs) > REFS_MAX:
            self._probe_refs.clear()
        full = 1 + (ORDERS_S + SLACK_S) / PROBE_EVERY_S
        if not self._probe.take(at, full=full, per_s=1 / PROBE_EVERY_S):
            self._findings.add("bypass.probe", n)


class _GeneralShare:
    """The share of purchases for no event: a bucket that fills as fast as the rules say."""

    def __init__(self, rules: RulesCheck, findings: Findings) -> None:
        self._rules, self._findings = rules, findings
        self._bucket = Bucket()
        self._refs: dict[str, None] = {}
        self._shares: deque[tuple[int, int | None]] = deque(maxlen=10)
        """(time, share) of the last rules."""

    def on_rules(self, at: int) -> None:
        self._shares.append((at, self._rules.now.general_share))

    def on_clock_set_right(self, at: int) -> None:
        self._bucket.set_right(at)

    def take(self, n: int, at: int, ref: str) -> None:
        while len(self._shares) > 1 and self._shares[1][0] < at - TAKES_S:
            self._shares.popleft()
        shares = [share for _, share in self._shares]
        if ref in self._refs or None in shares:
            return
        self._refs[ref] = None
        if len(self._refs) > REFS_MAX:
            del self._refs[next(iter(self._refs))]
        share = max((share for share in shares if share is not None), default=0)
        per_s = share / 60
        full = (depth_of(share) if share else 0) + per_s * (ORDERS_S + SLACK_S)
        if not self._bucket.take(at, full=full, per_s=per_s):
            self._findings.add("bypass.general", n, share=share)
