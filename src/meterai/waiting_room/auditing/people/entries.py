"""People in the log: entries, late tickets, certificates, promises, and purchases without a place."""

from __future__ import annotations

from collections import Counter

from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.people.admissions import AdmissionCheck, HaltCheck
from meterai.waiting_room.files.log_facts import (
    BypassFacts,
    CertificateFacts,
    ClaimFacts,
    LateTicketFacts,
    PromiseFacts,
)
from meterai.waiting_room.rules.admission import LATE_S
from meterai.waiting_room.rules.model import Lane

IN_FLIGHT_MIN, IN_FLIGHT_SHARE = 10, 0.05
"""More than this is unusual: an order is paid and not stamped for some seconds only."""


class PeopleCheck:
    """Checks what can be checked at once, and notes the rest for the end."""

    def __init__(
        self,
        rules: RulesCheck,
        windows: WindowCheck,
        frontiers: FrontierCheck,
        door: AdmissionCheck,
        halt: HaltCheck,
        notes: Notes,
        findings: Findings,
    ) -> None:
        self._rules, self._windows, self._frontiers = rules, windows, frontiers
        self._door, self._halt, self._notes, self._findings = door, halt, notes, findings
        self.claims: Counter[Lane] = Counter()

    def on_claim(self, n: int, at: int, facts: ClaimFacts) -> None:
        """Notes that a person was let in."""
        self._findings.examined("claim")
        self.claims[facts.lane] += 1
        id = bytes.fromhex(facts.id)
        self._notes.add("claims", n, at, id, facts.pass_id, facts.window, facts.gate, facts.sequence)
        place = self._windows.place_of(facts.window, id)
        if place is None or not (lanes := self._frontiers.lanes_of(at, facts.window, place)):
            self._findings.add("claim.not_called", n, window=facts.window, place=place)
        elif facts.lane not in lanes:
            self._findings.add("claim.lane", n, lane=facts.lane.name)
        if place is not None and facts.place != str(place):
            self._findings.add("claim.place", n, window=facts.window, told=facts.place, place=place)
        if self._rules.is_over(at):
            self._findings.add("claim.after_closing", n)
        self._halt.entered(n, at)
        if facts.lane is not Lane.IN_FLIGHT:
            self._door.entered(n, at)

    def finish(self) -> None:
        """Warns when many people entered for paid orders, because the log does not prove that they had
        one."""
        in_flight, everybody = self.claims[Lane.IN_FLIGHT], sum(self.claims.values())
        if in_flight >= IN_FLIGHT_MIN and in_flight > IN_FLIGHT_SHARE * everybody:
            percent = round(100 * in_flight / everybody)
            self._findings.warn("claim.in_flight", count=in_flight, percent=percent)

    def on_late_ticket(self, n: int, facts: LateTicketFacts) -> None:
        """Notes that a ticket was honoured although it stands in no list."""
        self._findings.examined("late")
        self._notes.add("late", n, bytes.fromhex(facts.id), facts.window, facts.gate, facts.sequence)
        ended_at = self._windows.ended_at(facts.window)
        is_after = ended_at is None or facts.joined_at > ended_at + LATE_S
        if is_after and facts.window not in self._windows.open_when_set_right:
            self._findings.add("late.backdated", n, window=facts.window)

    def on_certificate(self, n: int, at: int, facts: CertificateFacts) -> None:
        """Notes a certificate for a person who was in line at the closing."""
        self._findings.examined("certificate")
        self._notes.add("certificates", n, bytes.fromhex(facts.id))
        if at < self._rules.now.schedule.closes_at:
            self._findings.add("certificate.early", n)

    def on_promise(self, n: int, facts: PromiseFacts) -> None:
        """Notes that a person was promised a time."""
        self._notes.add("promises", n, bytes.fromhex(facts.id), facts.done_by)

    def on_bypass(self, n: int, facts: BypassFacts) -> None:
        """Notes that a person entered without a place."""
        self._findings.examined("operator")
        self._notes.add("bypasses", n, facts.why, facts.ref)
        if not facts.why.strip():
            self._findings.add("operator.bypass", n)
