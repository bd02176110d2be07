"""The audit: replays the log from its first entry to its last, then runs the checks that need all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import msgspec

from meterai.kernel.refusals import Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.waiting_room.auditing.checks.heads import HeadsCheck, KeptHeads
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.whole_log import judge_promises, judge_whole
from meterai.waiting_room.auditing.findings import Findings, HeldTicket, Promises, Report
from meterai.waiting_room.auditing.log_checks import LogChecks
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.people.held_tickets import judge_tickets, read_tickets
from meterai.waiting_room.auditing.sources import Source, lines_of
from meterai.waiting_room.auditing.status.log_so_far import LogSoFar
from meterai.waiting_room.auditing.status.status_check import StatusCheck
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import ConfigFacts, decode_facts
from meterai.waiting_room.files.public_log import ENTRIES, LogEntry
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.rules.beacon_rounds import is_beacon
from meterai.waiting_room.rules.merkle import Tree
from meterai.waiting_room.rules.model import Lane

PATIENCE_S = 10.0
_LOG = f"log/{ENTRIES}"
_EVERY = 10_000

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
        self._checks = LogChecks(source, self._rules, notes, findings=findings, patience=patience)
        self._heads = HeadsCheck(source, self._rules.key, findings, on_head=self._checks.times.on_head)
        self._kept = KeptHeads(kept_heads, findings, "log.kept_head")
        self._told = KeptHeads([one.log for one in statuses], findings, "status.log")
        self._shown = statuses
        self._log_so_far = LogSoFar(self._rules)
        self._statuses = [self._check_of(one) for one in statuses]
        self._tree = Tree()
        self._bytes_read = 0
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
        self._checks.finish(shown_at=self._shown_at())
        self._notes.seal()
        judge_whole(self._notes, self._findings, listed_through=self._checks.windows.listed_through)
        for status in self._statuses:
            status.finish(self._notes)
        closed_through = self._checks.windows.closed_through
        held = judge_tickets(self._tickets, self._notes, self._findings, closed_through=closed_through)
        return self._report(judge_promises(self._notes, self._checks.windows, until=self._last_at), held)

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
            self._checks.take(n, entry.at, facts)
            self._log_so_far.on_entry(entry.at, facts)
            for status in self._statuses:
                status.on_entry(n, entry.at, facts)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            self._findings.add("log.unreadable", n, why=error)

    def _check_of(self, status: Status) -> StatusCheck:
        checks = self._checks
        return StatusCheck(
            status,
            self._rules,
            self._log_so_far,
            frontiers=checks.frontiers,
            rates=checks.rates,
            windows=checks.windows,
            findings=self._findings,
        )

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
            windows=self._checks.windows.count,
            joins=self._checks.windows.joins,
            people=notes.people(),
            called=self._checks.calls.called,
            called_in_a_minute=self._checks.calls.most_in_a_minute,
            claims={lane.name.lower(): self._checks.people.claims[lane] for lane in Lane},
            late_tickets=notes.late_tickets(),
            dead_gates=self._checks.windows.dead_gates,
            bypasses=notes.bypasses(),
            inside_stated=self._checks.bypasses.stated,
            held=self._checks.states.held(self._last_at),
            certificates=notes.count("certificates"),
            promises=promises,
            tickets=tickets,
            operator_actions=self._checks.actions,
            operator_action_count=self._checks.action_count,
            checks=findings.by_check(),
            findings=findings.shown(),
            finding_count=findings.count,
            warnings=findings.warnings,
        )
