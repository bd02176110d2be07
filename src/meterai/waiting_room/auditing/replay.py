"""The audit: replays the log from its first entry to its last, then runs the checks that need all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.waiting_room.auditing.checks.admissions import AdmissionCheck, HaltCheck, RateBound
from meterai.waiting_room.auditing.checks.bypasses import BypassCheck
from meterai.waiting_room.auditing.checks.calls import CallsCheck
from meterai.waiting_room.auditing.checks.claim_times import ClaimTimes
from meterai.waiting_room.auditing.checks.clock import ClockCheck
from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.heads import HeadsCheck, KeptHeads
from meterai.waiting_room.auditing.checks.held_tickets import judge_tickets, read_tickets
from meterai.waiting_room.auditing.checks.people import PeopleCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.standstill import StandstillCheck
from meterai.waiting_room.auditing.checks.states import StateCheck
from meterai.waiting_room.auditing.checks.switching import SwitchingCheck
from meterai.waiting_room.auditing.checks.whole_log import judge_promises, judge_whole
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings, HeldTicket, OperatorAction, Promises, Report
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.sources import Source, lines_of
from meterai.waiting_room.auditing.status.status_check import StatusCheck
from meterai.waiting_room.files import published_documents
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
    decode_facts,
)
from meterai.waiting_room.files.public_log import ENTRIES, LogEntry
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.beacon_rounds import is_beacon
from meterai.waiting_room.rules.merkle import Tree
from meterai.waiting_room.rules.model import Lane

PATIENCE_S = 10.0
ACTIONS_SHOWN = 200
_LOG = f"log/{ENTRIES}"
_EVERY = 10_000

_OF_CONTROLLER = ConfigFacts | CloseFacts | ChainFacts | RevealFacts | FrontierFacts | StateFacts
"""What the controller says by its own clock."""

Progress = Callable[[int], None]
"""Called now and then with the number of entries read."""


def audit(
    source: Source,
    *,
    kept_heads: Iterable[tuple[int, str]] = (),
    kept_statuses: Iterable[bytes] = (),
    tickets: Iterable[str] = (),
    pause: Callable[[float], None] = time.sleep,
    progress: Progress = lambda entries: None,
) -> Report:
    """Judges the public log of one event. Joins are noted in a file, so memory does not grow with them.

    - `kept_heads`: (size, root or its first 32 digits) of heads that the auditor kept or got from others.
      Without one, an audit cannot rule out that the whole log was written a second time.
    - `kept_statuses`: statuses that somebody kept, as published. A later status does not show what an earlier
      one said.
    - `tickets`: tickets of the auditor or of other people. They must be in their lists.

    Raises: Unreadable when the rules or the log can't be reached; Refusal `ticket.*` for a text that is no
    ticket of this queue.
    """
    with Notes() as notes:
        replay = _Replay(source, notes, kept_heads, kept_statuses, tickets, Patience(PATIENCE_S, pause))
        return replay.run(progress)


class _Replay:
    def __init__(
        self,
        source: Source,
        notes: Notes,
        kept_heads: Iterable[tuple[int, str]],
        kept_statuses: Iterable[bytes],
        tickets: Iterable[str],
        patience: Patience,
    ) -> None:
        self._source, self._notes, self._patience = source, notes, patience
        self._findings = findings = Findings()
        self._rules = RulesCheck(source, findings)
        self._tickets = read_tickets(tickets, self._rules)
        statuses = self._read_statuses(kept_statuses)
        self._times = ClaimTimes(self._rules, findings)
        self._heads = HeadsCheck(source, self._rules.key, findings, on_head=self._times.on_head)
        self._kept = KeptHeads(kept_heads, findings, "log.kept_head")
        self._told = KeptHeads([one.log for one in statuses], findings, "status.log")
        self._shown = statuses
        self._rates = RateBound(self._rules, findings)
        self._calls = CallsCheck(self._rules, self._rates, findings)
        self._windows = WindowCheck(source, self._rules, notes, findings=findings, patience=patience)
        self._frontiers = FrontierCheck(
            self._rules, self._windows, self._rates, notes=notes, findings=findings
        )
        self._door = AdmissionCheck(self._rates, findings)
        self._statuses = [
            StatusCheck(
                one,
                self._rules,
                self._frontiers,
                rates=self._rates,
                windows=self._windows,
                findings=findings,
            )
            for one in statuses
        ]
        self._switching = SwitchingCheck(findings)
        self._clock = ClockCheck(self._rules, findings)
        self._halt = HaltCheck(findings)
        self._people = PeopleCheck(
            self._rules, self._windows, self._frontiers, self._door, self._halt, notes, findings
        )
        self._bypasses = BypassCheck(self._rules, findings)
        self._states = StateCheck(self._rules, findings)
        self._standstill = StandstillCheck(
            self._rules, self._windows, self._frontiers, self._states, findings
        )
        self._tree = Tree()
        self._bytes_read = 0
        self._actions: list[OperatorAction] = []
        self._action_count = 0
        self._last_at = 0

    def run(self, progress: Progress) -> Report:
        self._compare()
        for line in lines_of(self._source.pieces(_LOG)):
            n = self._tree.size
            self._bytes_read += len(line) + 1
            self._tree.append(line)
            self._take(n, line)
            self._compare()
            if n % _EVERY == 0:
                progress(n)
        self._heads.finish(self._tree, self._patience)
        self._kept.finish()
        self._told.finish()
        self._rules.finish(self._patience, lambda: b"".join(self._source.pieces(_LOG, self._bytes_read)))
        self._halt.finish()
        self._people.finish()
        self._standstill.finish(self._shown_at())
        self._switching.finish()
        self._clock.finish()
        self._times.finish()
        self._notes.seal()
        judge_whole(self._notes, self._findings, listed_through=self._windows.listed_through)
        for status in self._statuses:
            status.finish(self._notes)
        closed_through = self._windows.closed_through
        held = judge_tickets(self._tickets, self._notes, self._findings, closed_through=closed_through)
        return self._report(judge_promises(self._notes, self._windows, until=self._last_at), held)

    # ------------------------------------------------------------- one entry

    def _take(self, n: int, line: bytes) -> None:
        self._findings.examined("log")
        try:
            entry = read_json(line, LogEntry)
            facts = decode_facts(entry.what, entry.facts)
            if entry.n != n:
                self._findings.add("log.number", n, n=n, told=entry.n)
            if n == 0 and not isinstance(facts, ConfigFacts):
                self._findings.add("rules.first", n)
            self._last_at = max(self._last_at, entry.at)
            self._apply(n, entry.at, facts)
            for status in self._statuses:
                status.on_entry(n, entry.at, facts)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            self._findings.add("log.unreadable", n, why=error)

    def _apply(self, n: int, at: int, facts: AnyFacts) -> None:
        is_of_controller = isinstance(facts, _OF_CONTROLLER)
        if is_of_controller:
            self._clock.on_entry(n, at)
            self._calls.on_entry(at)
            self._times.on_entry(at)
        match facts:
            case ConfigFacts():
                self._take_rules(n, at, facts)
                self._rates.on_rules(at)
                self._times.on_rules(at)
            case CloseFacts():
                self._windows.on_close(n, at, facts)
                self._calls.on_close(facts.window, self._windows.people_last)
            case ChainFacts():
                self._windows.on_chain(n, facts)
            case DeadGateFacts():
                self._windows.on_dead_gate(n, facts)
            case RevealFacts():
                self._windows.on_reveal(n, facts)
            case FrontierFacts():
                self._move(n, at, facts)
            case OperatorFacts():
                self._operate(n, at, facts)
            case ClaimFacts():
                self._people.on_claim(n, at, facts)
                self._times.on_claim(n, at, facts.window, int(facts.place))
                self._standstill.on_claim()
            case LateTicketFacts():
                self._people.on_late_ticket(n, facts)
            case CertificateFacts():
                self._people.on_certificate(n, at, facts)
            case PromiseFacts():
                self._people.on_promise(n, facts)
            case BypassFacts():
                self._people.on_bypass(n, facts)
                self._bypasses.on_bypass(n, at, facts)
            case StateFacts():
                are_waiting = self._windows.joined_last >= self._frontiers.new.window
                self._states.on_state(n, at, facts, are_waiting=are_waiting)
                self._bypasses.on_state(at, facts)
                self._times.on_state(at, facts)
        if is_of_controller:
            self._states.on_entry(n, at)
            self._standstill.look(n, at, facts)

    def _take_rules(self, n: int, at: int, facts: ConfigFacts) -> None:
        windows, before = self._windows, self._rules.now
        if self._rules.on_config(n, at, facts, closed_through=windows.closed_through):
            ended_at = windows.ended_at(-1 if windows.closed_through is None else windows.closed_through) or 0
            closed_at = before.schedule.closes_at
            was_closed = closed_at <= min(at, ended_at) and not before.policy.line_counts
            are_waiting = windows.joined_last >= self._frontiers.new.window and not was_closed
            self._switching.on_cut(n, at, are_waiting=are_waiting, ended_at=ended_at)
        self._states.on_rules(at, before.schedule)
        self._bypasses.on_rules(at, is_first=self._rules.versions == 1)

    def _move(self, n: int, at: int, facts: FrontierFacts) -> None:
        before = self._frontiers.new
        self._frontiers.on_frontier(n, at, facts)
        if facts.lane is Lane.NEW:
            self._calls.on_move(n, at, before, self._frontiers.new)
            self._times.on_move(at, self._frontiers.new)

    def _operate(self, n: int, at: int, facts: OperatorFacts) -> None:
        self._findings.examined("operator")
        self._action_count += 1
        # An announcement is its own reason: everybody reads it.
        if not facts.action.strip() or not (facts.reason.strip() or facts.action == "announce"):
            self._findings.add("operator.silent", n, action=facts.action or "?")
        if len(self._actions) < ACTIONS_SHOWN:
            action = OperatorAction(
                entry=n, at=at, action=facts.action, value=facts.value, reason=facts.reason
            )
            self._actions.append(action)
        if facts.action == CLOCK_SET_RIGHT:
            self._windows.on_clock_set_right()
            self._frontiers.on_clock_set_right(at)
            self._standstill.set_right(at)
            self._bypasses.on_clock_set_right(at)
        self._rates.on_operator(at, facts)
        self._door.on_operator(at, facts)
        self._halt.on_operator(at, facts)
        self._states.on_operator(facts)
        self._bypasses.on_operator(at, facts)
        self._switching.on_operator(at, facts)
        self._clock.on_operator(at, facts)
        self._times.on_operator(n, at, facts)

    def _compare(self) -> None:
        """Compares heads and statuses with the entries so far."""
        self._heads.compare(self._tree)
        self._kept.compare(self._tree)
        self._told.compare(self._tree)
        for status in self._statuses:
            status.compare(self._tree.size)

    def _shown_at(self) -> int:
        """The time until which the whole log was shown: that of a status, if no entry is newer."""
        return max((one.at for one in self._shown if one.log[0] == self._tree.size), default=0)

    def _read_statuses(self, kept: Iterable[bytes]) -> list[Status]:
        """Reads the status before the log. The log holds everything that this status refers to."""
        lies_there = self._source.read("status.json")
        found = []
        for raw in (*kept, *(() if lies_there is None else (lies_there,))):
            self._findings.examined("status")
            try:
                found.append(published_documents.read(raw, Status, self._rules.key))
            except Refusal:
                self._findings.add("status.forged")
        return found

    def _report(self, promises: Promises, tickets: list[HeldTicket]) -> Report:
        findings, notes = self._findings, self._notes
        return Report(
            verdict="fails" if findings.count else "passes",
            event=self._rules.published.event,
            controller_key=self._rules.published.controller_key,
            entries=self._tree.size,
            root=self._tree.root().hex(),
            heads=self._heads.count,
            ends_at=self._last_at,
            seeds="beacon" if is_beacon(self._rules.published.beacon) else "operator-trusted",
            rules_versions=self._rules.versions,
            windows=self._windows.count,
            joins=self._windows.joins,
            people=notes.people(),
            called=self._calls.called,
            called_in_a_minute=self._calls.most_in_a_minute,
            claims={lane.name.lower(): self._people.claims[lane] for lane in Lane},
            late_tickets=notes.late_tickets(),
            dead_gates=self._windows.dead_gates,
            bypasses=notes.bypasses(),
            inside_stated=self._bypasses.stated,
            held=self._states.held(self._last_at),
            certificates=notes.count("certificates"),
            promises=promises,
            tickets=tickets,
            operator_actions=self._actions,
            operator_action_count=self._action_count,
            checks=findings.by_check(),
            findings=findings.shown(),
            finding_count=findings.count,
            warnings=findings.warnings,
        )
