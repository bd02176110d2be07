"""The checks that follow the log entry by entry, and what each kind of entry means to them."""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.calls import CallsCheck
from meterai.waiting_room.auditing.checks.clock import ClockCheck
from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.standstill import StandstillCheck
from meterai.waiting_room.auditing.checks.states import StateCheck
from meterai.waiting_room.auditing.checks.switching import SwitchingCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings, OperatorAction
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.people.admissions import AdmissionCheck, HaltCheck, RateBound
from meterai.waiting_room.auditing.people.bypasses import BypassCheck
from meterai.waiting_room.auditing.people.claim_times import ClaimTimes
from meterai.waiting_room.auditing.people.entries import PeopleCheck
from meterai.waiting_room.auditing.sources import Source
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    AnyFacts,
    BypassFacts,
    CertificateFacts,
    ChainFacts,
    ClaimFacts,
    CloseFacts,
    ConfigFacts,
    DeadGateFacts,
    FrontierFacts,
    LateTicketFacts,
    OperatorFacts,
    PromiseFacts,
    RevealFacts,
    StateFacts,
)
from meterai.waiting_room.rules.model import Lane

ACTIONS_SHOWN = 200

_OF_CONTROLLER = ConfigFacts | CloseFacts | ChainFacts | RevealFacts | FrontierFacts | StateFacts
"""What the controller says by its own clock."""


class LogChecks:
    """Checks the entries of one log in their order."""

    def __init__(
        self, source: Source, rules: RulesCheck, notes: Notes, *, findings: Findings, patience: Patience
    ) -> None:
        self.findings, self.rules = findings, rules
        self.times = ClaimTimes(rules, findings)
        self.rates = RateBound(rules, findings)
        self.calls = CallsCheck(rules, self.rates, findings)
        self.windows = WindowCheck(source, rules, notes, findings=findings, patience=patience)
        self.frontiers = FrontierCheck(rules, self.windows, self.rates, notes=notes, findings=findings)
        self._door = AdmissionCheck(self.rates, findings)
        self._switching = SwitchingCheck(findings)
        self._clock = ClockCheck(rules, findings)
        self._halt = HaltCheck(findings)
        self.people = PeopleCheck(
            rules, self.windows, self.frontiers, self._door, self._halt, notes, findings
        )
        self.bypasses = BypassCheck(rules, findings)
        self.states = StateCheck(rules, findings)
        self._standstill = StandstillCheck(rules, self.windows, self.frontiers, self.states, findings)
        self.actions: list[OperatorAction] = []
        self.action_count = 0

    def finish(self, *, shown_at: int) -> None:
        """Judges what is left at the end of the log, which was shown whole at `shown_at` (Unix seconds)."""
        self._halt.finish()
        self.people.finish()
        self._standstill.finish(shown_at)
        self._switching.finish()
        self._clock.finish()
        self.times.finish()

    def take(self, n: int, at: int, facts: AnyFacts) -> None:
        """Checks entry `n`, made at `at` (Unix seconds)."""
        is_of_controller = isinstance(facts, _OF_CONTROLLER)
        if is_of_controller:
            self._clock.on_entry(n, at)
            self.calls.on_entry(at)
            self.times.on_entry(at)
        match facts:
            case ConfigFacts():
                self._take_rules(n, at, facts)
                self.rates.on_rules(at)
                self.times.on_rules(at)
            case CloseFacts():
                self.windows.on_close(n, at, facts)
                self.calls.on_close(facts.window, self.windows.people_last)
            case ChainFacts():
                self.windows.on_chain(n, facts)
            case DeadGateFacts():
                self.windows.on_dead_gate(n, facts)
            case RevealFacts():
                self.windows.on_reveal(n, facts)
            case FrontierFacts():
                self._move(n, at, facts)
            case OperatorFacts():
                self._operate(n, at, facts)
            case ClaimFacts():
                self.people.on_claim(n, at, facts)
                self.times.on_claim(n, at, facts.window, int(facts.place))
                self._standstill.on_claim()
            case LateTicketFacts():
                self.people.on_late_ticket(n, facts)
            case CertificateFacts():
                self.people.on_certificate(n, at, facts)
            case PromiseFacts():
                self.people.on_promise(n, facts)
            case BypassFacts():
                self.people.on_bypass(n, facts)
                self.bypasses.on_bypass(n, at, facts)
            case StateFacts():
                are_waiting = self.windows.joined_last >= self.frontiers.new.window
                self.states.on_state(n, at, facts, are_waiting=are_waiting)
                self.bypasses.on_state(at, facts)
                self.times.on_state(at, facts)
        if is_of_controller:
            self.states.on_entry(n, at)
            self._standstill.look(n, at, facts)

    def _take_rules(self, n: int, at: int, facts: ConfigFacts) -> None:
        windows, before = self.windows, self.rules.now
        if self.rules.on_config(n, at, facts, closed_through=windows.closed_through):
            ended_at = windows.ended_at(-1 if windows.closed_through is None else windows.closed_through) or 0
            closed_at = before.schedule.closes_at
            was_closed = closed_at <= min(at, ended_at) and not before.policy.line_counts
            are_waiting = windows.joined_last >= self.frontiers.new.window and not was_closed
            self._switching.on_cut(n, at, are_waiting=are_waiting, ended_at=ended_at)
        self.states.on_rules(at, before.schedule)
        self.bypasses.on_rules(at, is_first=self.rules.versions == 1)

    def _move(self, n: int, at: int, facts: FrontierFacts) -> None:
        before = self.frontiers.new
        self.frontiers.on_frontier(n, at, facts)
        if facts.lane is Lane.NEW:
            self.calls.on_move(n, at, before, self.frontiers.new)
            self.times.on_move(at, self.frontiers.new)

    def _operate(self, n: int, at: int, facts: OperatorFacts) -> None:
        self.findings.examined("operator")
        self.action_count += 1
        # An announcement is its own reason: everybody reads it.
        if not facts.action.strip() or not (facts.reason.strip() or facts.action == "announce"):
            self.findings.add("operator.silent", n, action=facts.action or "?")
        if len(self.actions) < ACTIONS_SHOWN:
            action = OperatorAction(
                entry=n, at=at, action=facts.action, value=facts.value, reason=facts.reason
            )
            self.actions.append(action)
        if facts.action == CLOCK_SET_RIGHT:
            self.windows.on_clock_set_right()
            self.frontiers.on_clock_set_right(at)
            self._standstill.set_right(at)
            self.bypasses.on_clock_set_right(at)
        self.rates.on_operator(at, facts)
        self._door.on_operator(at, facts)
        self._halt.on_operator(at, facts)
        self.states.on_operator(facts)
        self.bypasses.on_operator(at, facts)
        self._switching.on_operator(at, facts)
        self._clock.on_operator(at, facts)
        self.times.on_operator(n, at, facts)
