"""A signed status against the rules and the log, at the size of the log that it names.

A controller writes the entries of a step, and then its status. So most figures must be those of the log. The
log says nothing about `sequence`, `done_after_s` and `stopped`.
"""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.clock import SLACK_S
from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.people.admissions import RateBound
from meterai.waiting_room.auditing.status.entries_behind import EntriesBehind
from meterai.waiting_room.auditing.status.log_so_far import LogSoFar
from meterai.waiting_room.auditing.status.status_figures import (
    exceeds_rules,
    hides_trouble,
    is_automatic,
    looks_seldom,
    may_show,
    rates_at,
)
from meterai.waiting_room.files.log_facts import AnyFacts
from meterai.waiting_room.files.published_documents import LOG_STATES, Status
from meterai.waiting_room.rules.model import NOBODY, Frontier, Lane


class StatusCheck:
    """Compares one status while the log is read. `log` takes up each entry before it."""

    def __init__(
        self,
        status: Status,
        rules: RulesCheck,
        log: LogSoFar,
        *,
        frontiers: FrontierCheck,
        rates: RateBound,
        windows: WindowCheck,
        findings: Findings,
    ) -> None:
        self._status, self._size = status, status.log[0]
        self._rules, self._log = rules, log
        self._frontiers, self._rates, self._windows = frontiers, rates, windows
        self._findings = findings
        self._behind: EntriesBehind | None = None
        self._windows_then = 0
        self._frontier_then = NOBODY
        self._until = 0

    def on_entry(self, n: int, at: int, facts: AnyFacts) -> None:
        """Takes up an entry, after the other checks."""
        if self._behind is not None:
            self._behind.on_entry(n, at, facts)

    def compare(self, size: int) -> None:
        """Compares the status with the first `size` entries, if it names this size."""
        if size != self._size or not size:
            return
        self._compare_frontiers()
        if self._rules.now.log < LOG_STATES:
            return  # earlier releases wrote fewer entries
        self._compare_state()
        self._compare_rate()
        self._compare_counts()
        words_are_due = not self._has_words()
        self._behind = EntriesBehind(self._status, self._rules.now.schedule, words_are_due=words_are_due)

    def finish(self, notes: Notes) -> None:
        """Compares what needs the whole log. `notes` are sealed."""
        if self._behind is None:
            return
        self._behind.finish(self._findings)
        self._compare_people(notes)
        self._compare_promises(notes)

    # ------------------------------------------------------------- the figures

    def _compare_frontiers(self) -> None:
        lanes = (Lane.NEW, self._frontiers.new), (Lane.RETURNER, self._frontiers.late)
        for lane, logged in lanes:
            shown = Frontier(*self._status.frontiers[lane])
            if shown != logged and shown > Frontier(self._windows.first, 0):
                self._add("status.frontier", size=self._size)

    def _compare_state(self) -> None:
        status, log, schedule = self._status, self._log, self._rules.now.schedule
        if log.state is not None and status.state is not log.state:
            self._add("status.state", told=status.state, logged=log.state)
        if not any(may_show(status, rules) for rules in log.rules_at(status.at)):
            self._add("status.untimely", state=status.state)
        if hides_trouble(status, log.cause):
            self._add("status.stalled")
        if (status.closes_at, status.last_call_at) != (schedule.closes_at, schedule.last_call_at):
            self._add("status.closing")
        if looks_seldom(status):
            self._add("status.poll", seconds=status.poll[1])
        if status.epoch < log.epoch:
            self._add("status.epoch", told=status.epoch, logged=log.epoch)
        if status.at < log.step_at - schedule.window_s - SLACK_S:
            self._add("status.time", seconds=log.step_at - status.at)

    def _compare_rate(self) -> None:
        status, log = self._status, self._log
        least_cap, cap = self._rates.caps(status.at)
        floor = min(least_cap, *(rules.policy.rate_floor for rules in log.rules_at(status.at)))
        shrunk = min(float(least_cap), log.least_rate(status.at))
        least, most = rates_at(status, cap=cap, floor=floor, least=shrunk, logged=log.rate)
        if not least <= status.rate <= most:
            self._add("status.rate", told=status.rate, least=least, most=most)
        if exceeds_rules(status, cap):
            self._add("status.fan")

    def _compare_counts(self) -> None:
        if self._status.admitted != self._log.claims:
            self._add("status.admitted", told=self._status.admitted, logged=self._log.claims)
        self._windows_then, self._frontier_then = self._windows.count, self._frontiers.new
        self._until = max(self._status.at, self._log.step_at)

    def _has_words(self) -> bool:
        """Whether an entry before the status has its words, or the controller says them by itself."""
        shown, said = self._status.note, self._log.words
        return said is None or shown == said or (not (said.id or said.en) and is_automatic(shown))

    def _compare_people(self, notes: Notes) -> None:
        """Compares the people in line with the lists and the frontier, as the rules count them."""
        status = self._status
        windows, joined = notes.joined_before(self._size)
        if windows != self._windows_then:
            return  # older documents of windows say nothing about people
        called = notes.called_before(self._size, self._frontier_then)
        if status.called != called:
            self._add("status.called", told=status.called, logged=called)
        if status.waiting - status.joining != joined - called:
            self._add("status.waiting", told=status.waiting, logged=joined - called + status.joining)

    def _compare_promises(self, notes: Notes) -> None:
        kept, given = self._status.kept
        due, in_time = notes.promises_before(self._size, due=self._until)
        if not kept <= in_time or not kept <= given <= due:
            self._add("status.kept", kept=kept, given=given, in_time=in_time, due=due)

    def _add(self, code: str, **facts: object) -> None:
        self._findings.add(code, self._size - 1, **facts)
