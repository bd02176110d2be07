"""Entries that follow a status in the log show whether its time, epoch and open windows were true."""

from __future__ import annotations

from meterai.waiting_room.auditing.checks.clock import SLACK_S
from meterai.waiting_room.auditing.checks.switching import SAID_WITHIN_S
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.status.log_so_far import OfStep, words_in
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    AnyFacts,
    CloseFacts,
    ConfigFacts,
    DeadGateFacts,
    FrontierFacts,
    OperatorFacts,
    RevealFacts,
    StateFacts,
)
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.files.restore_files import RESTORE
from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.windows import last_number, number_at

_AHEAD_WINDOWS = 2
"""Gates whose clocks are ahead may give places in the next windows."""
_LOST_JOINS = 5
"""The last record of a gate that crashed may be damaged. It was counted and is in no list."""


class EntriesBehind:
    """Judges a status by what follows. `words_are_due`: the log so far does not have its words."""

    def __init__(self, status: Status, schedule: Schedule, *, words_are_due: bool) -> None:
        self._status = status
        self._slack_s = schedule.window_s + SLACK_S
        self._words_are_due = words_are_due
        self._is_next = True
        """No step has followed yet, and no act that says why it may bear an earlier time."""
        self._earlier: tuple[int, int] | None = None
        """(entry, time) of the next step, when that time is earlier than the status."""
        self._epoch: tuple[int, int] | None = None
        self._open = OpenWindows(status, schedule)

    def on_entry(self, n: int, at: int, facts: AnyFacts) -> None:
        """Takes up an entry."""
        self._open.on_entry(facts)
        match facts:
            case OperatorFacts(action="announce"):
                is_of_then = at <= self._status.at + SAID_WITHIN_S
                if is_of_then and words_in(facts) in (None, self._status.note):
                    self._words_are_due = False
            case OperatorFacts():
                self._on_act(at, facts)
            case ConfigFacts() | CloseFacts() | RevealFacts() | FrontierFacts() | StateFacts():
                self._on_step(n, at, facts)

    def finish(self, findings: Findings) -> None:
        """Reports what did not fit."""
        status = self._status
        if self._words_are_due:
            findings.add("status.words", status.log[0] - 1)
        if self._earlier is not None:
            n, at = self._earlier
            findings.add("status.time", n, seconds=status.at - at)
        if self._epoch is not None:
            n, epoch = self._epoch
            findings.add("status.epoch", n, told=status.epoch, logged=epoch)
        if (found := self._open.found_fewer()) is not None:
            findings.add("status.joining", status.log[0] - 1, told=status.joining, logged=found)

    def _on_act(self, at: int, facts: OperatorFacts) -> None:
        """Notes why a step may bear an earlier time: a clock was set right, or files were restored."""
        if facts.action not in (CLOCK_SET_RIGHT, RESTORE):
            return
        self._is_next = False
        if self._earlier is not None and abs(at - self._earlier[1]) <= SAID_WITHIN_S:
            self._earlier = None

    def _on_step(self, n: int, at: int, facts: OfStep) -> None:
        if self._is_next and at < self._status.at - self._slack_s:
            self._earlier = (n, at)
        self._is_next = False
        if isinstance(facts, FrontierFacts) and facts.epoch < self._status.epoch:
            self._epoch = self._epoch or (n, facts.epoch)


class OpenWindows:
    """Windows that were open at a status. When they are closed, their lists have at least its joins."""

    def __init__(self, status: Status, schedule: Schedule) -> None:
        self._status = status
        number = None if status.state.stands_still else number_at(schedule, status.at)
        self._through = None if number is None else min(number + _AHEAD_WINDOWS, last_number(schedule))
        self._closed_through = -1
        self._joins = 0

    def on_entry(self, facts: AnyFacts) -> None:
        """Counts the joins of a window. After a loss, or when time is cut again, nothing can be said."""
        if self._through is None:
            return
        is_complete = self._closed_through >= self._through
        match facts:
            case CloseFacts() if not is_complete:
                self._closed_through = facts.window
                self._joins += facts.count
            case ConfigFacts() if not is_complete:
                self._through = None
            case DeadGateFacts() if facts.window <= self._through:
                self._through = None

    def found_fewer(self) -> int | None:
        """The joins in the lists, if the status counted more; None: it did not, or nothing can be said."""
        is_known = self._through is not None and self._closed_through >= self._through
        return self._joins if is_known and self._status.joining > self._joins + _LOST_JOINS else None
