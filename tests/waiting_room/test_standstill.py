"""When an audit accuses the controller that the frontier stood while people waited."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from meterai.waiting_room.auditing.checks.frontier import FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.standstill import STANDS_S, StandstillCheck
from meterai.waiting_room.auditing.checks.states import StateCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.files.log_facts import StateFacts
from meterai.waiting_room.rules.admission import KNOCKED_LATELY_S
from meterai.waiting_room.rules.model import Frontier, QueueState
from meterai.waiting_room.rules.rate_history import OUTAGE_MIN_S
from meterai.waiting_room.rules.state_causes import StateCause

AT = 100_000


class Audited:
    """Somebody in window 3 waits, which is drawn. The frontier stands in it."""

    def __init__(self, *, log: int = 2) -> None:
        self.findings = Findings()
        self.windows = SimpleNamespace(joined_last=3, revealed_through=3, draw_due_at=lambda window: self.due)
        self.frontiers = SimpleNamespace(new=Frontier(3, 5))
        self.states = SimpleNamespace(now=None)
        self.due: int | None = None
        self.check = StandstillCheck(
            cast(RulesCheck, SimpleNamespace(now=SimpleNamespace(log=log))),
            cast(WindowCheck, self.windows),
            cast(FrontierCheck, self.frontiers),
            cast(StateCheck, self.states),
            self.findings,
        )

    def state(self, at: int, cause: str, state: str = "open", value: str = "", rate: int = 60) -> None:
        facts = StateFacts(state=QueueState(state), cause=StateCause(cause), value=value, rate=rate)
        if facts.cause is not StateCause.CONTROLLER_AWAY:
            self.states.now = facts
        self.check.look(0, at, facts)

    def found(self, at: int, n: int = 1) -> list[int | None]:
        """The findings after an entry of the controller that moves nothing."""
        self.check.look(n, at, None)
        return [finding.entry for finding in self.findings.shown()]


def test_a_frontier_may_stand_for_some_seconds_and_no_longer() -> None:
    audited = Audited()
    audited.state(AT, "calling")
    assert audited.found(AT + STANDS_S) == []
    audited.frontiers.new = Frontier(3, 6)
    assert audited.found(AT + STANDS_S) == []
    assert audited.found(AT + 2 * STANDS_S) == []
    assert audited.found(AT + 2 * STANDS_S + 1, n=7) == [7]
    assert audited.found(AT + 2 * STANDS_S + 2, n=8) == [7], "one finding for these seconds"


def test_nobody_has_to_be_called_when_nobody_waits_or_an_older_release_wrote_the_log() -> None:
    for changed in ("frontiers", "log", "untold"):
        audited = Audited(log=1 if changed == "log" else 2)
        if changed != "untold":
            audited.state(AT, "calling")
        if changed == "frontiers":
            audited.frontiers.new = Frontier(4, 0)
        audited.found(AT + 1)
        assert audited.found(AT + 900) == []


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("open", "operator"),
        ("open", "no_stamps"),
        ("last_call", "cannot_buy"),
        ("halted", "site_silent"),
        ("out_of_stock", "no_stamps"),
        ("off", "operator"),
        ("direct", "nobody_waits"),
        ("closed", "planned"),
    ],
)
def test_a_stated_cause_holds_people_until_it_is_over(state: str, cause: str) -> None:
    audited = Audited()
    audited.state(AT, "calling")
    audited.state(AT + 5, cause, state)
    assert audited.found(AT + 900) == []
    audited.state(AT + 900, "calling")
    assert audited.found(AT + 900 + STANDS_S) == []
    assert audited.found(AT + 901 + STANDS_S, n=9) == [9]


def test_a_time_without_a_controller_is_told_by_the_first_step_after_it() -> None:
    audited = Audited()
    audited.state(AT, "calling")
    audited.state(AT + 600, "controller_away", value="595")
    audited.state(AT + 600, "calling")
    assert audited.found(AT + 605) == []
    audited = Audited()
    audited.state(AT, "calling")
    audited.state(AT + 600, "controller_away", value="500")
    assert audited.found(AT + 601) == [0], "the time before it is not excused"


def test_a_late_draw_needs_a_cause_when_it_is_clearly_late() -> None:
    audited = Audited()
    audited.windows.revealed_through, audited.due = 2, AT + 30
    audited.state(AT, "calling")
    last = AT + 30 + int(OUTAGE_MIN_S) + STANDS_S
    assert audited.found(last) == []
    assert audited.found(last + 1, n=9) == [9]
    audited = Audited()
    audited.windows.revealed_through, audited.due = 2, AT + 30
    audited.state(AT, "calling")
    audited.state(last, "draw_late")
    assert audited.found(AT + 9_000) == []
    audited = Audited()
    audited.windows.revealed_through = 2
    audited.state(AT, "calling")
    assert audited.found(AT + 9_000) == [], "nobody knows when the beacon's round is due"


def test_people_at_a_full_admission_hold_others_only_while_somebody_enters() -> None:
    audited = Audited()
    audited.state(AT, "door_full")
    for second in range(0, 600, 30):
        audited.check.on_claim()
        assert audited.found(AT + second) == []
    assert audited.found(AT + 570 + KNOCKED_LATELY_S) == []
    assert audited.found(AT + 570 + KNOCKED_LATELY_S + 10) == []
    assert audited.found(AT + 570 + KNOCKED_LATELY_S + 30, n=9) == [9]


def test_after_a_clock_was_set_right_time_counts_from_then_on() -> None:
    audited = Audited()
    audited.state(AT + 3_600, "calling")
    audited.check.set_right(AT)
    assert audited.found(AT + STANDS_S) == []
    assert audited.found(AT + STANDS_S + 1, n=9) == [9]
