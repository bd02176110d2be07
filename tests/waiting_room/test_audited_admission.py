"""What the audit allows the admission: the greatest rate it can have had, and how many may enter at that
rate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.people.admissions import (
    RECENT_S,
    SLACK_S,
    AdmissionCheck,
    HaltCheck,
    RateBound,
)
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, OperatorFacts
from meterai.waiting_room.rules.admission import DEPTH_MIN, DEPTH_S
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.rules.rate_control import GROWTH_MIN, GROWTH_PER_S

AT = 1_000
CAP = 6_000


class Audited:
    """The admission's part of an audit, and its findings."""

    def __init__(self, *, floor: int = 60, cap: int = CAP) -> None:
        self.findings = Findings()
        self._now = SimpleNamespace(policy=Policy(rate_floor=floor, rate_cap=cap))
        self.rates = RateBound(cast(RulesCheck, SimpleNamespace(now=self._now)), self.findings)
        self.door = AdmissionCheck(self.rates, self.findings)
        self.halt = HaltCheck(self.findings)

    def rules(self, at: int, *, cap: int) -> None:
        self._now.policy = Policy(rate_cap=cap)
        self.rates.on_rules(at)

    def says(self, at: int, action: str, value: object = "") -> None:
        facts = OperatorFacts(action=action, value=str(value), reason="ujian")
        self.rates.on_operator(at, facts)
        self.door.on_operator(at, facts)
        self.halt.on_operator(at, facts)

    def enter(self, at: int, people: int = 1, *, first: int = 0) -> list[int | None]:
        """Lets this many people enter. Returns the entries of all findings so far."""
        for n in range(first, first + people):
            self.door.entered(n, at)
            self.halt.entered(n, at)
        return self.found()

    def found(self) -> list[int | None]:
        return [finding.entry for finding in self.findings.shown()]


@pytest.fixture
def audited() -> Audited:
    return Audited()


# ------------------------------------------------------------------------------------------------- the rate


def test_before_any_rate_is_told_the_cap_is_the_bound(audited: Audited) -> None:
    assert audited.rates.at(AT) == CAP
    audited.rates.on_rate(0, AT, 0)
    assert audited.rates.at(AT) == CAP, "a door that is shut says nothing of the rate"


def test_between_two_entries_a_rate_may_grow_as_the_controller_lets_it_and_no_more(audited: Audited) -> None:
    for told in (60, 75, 100):
        audited = Audited()
        audited.rates.on_rate(0, AT, told)
        rate = float(told)
        for second in range(SLACK_S + 60):
            grown = audited.rates.at(AT + second - SLACK_S)
            assert rate - 0.001 <= grown < rate * 1.06
            rate += max(GROWTH_MIN, rate * GROWTH_PER_S)
    assert audited.rates.at(AT + 10_000) == CAP


def test_a_rate_grows_from_the_floor_at_least() -> None:
    audited = Audited(floor=300)
    audited.rates.on_rate(0, AT, 5)
    assert audited.rates.at(AT - SLACK_S) == 300


def test_a_higher_rate_holds_for_some_seconds_after_it_fell(audited: Audited) -> None:
    audited.rates.on_rate(0, AT, 2_000)
    audited.rates.on_rate(0, AT + 1, 60)
    audited.rates.on_rate(0, AT + 1 + RECENT_S, 60)
    assert audited.rates.at(AT + 1 + RECENT_S) == 2_000
    audited.rates.on_rate(0, AT + 2 + RECENT_S, 60)
    assert audited.rates.at(AT + 2 + RECENT_S) == pytest.approx(60 + SLACK_S * GROWTH_MIN)


def test_what_an_operator_expects_the_site_to_bear_is_a_rate_and_nothing_else_that_one_says(
    audited: Audited,
) -> None:
    audited.rates.on_rate(0, AT, 60)
    for action, value in (("announce", 4_000), ("halt", 4_000), ("expect", ""), ("expect", 0)):
        audited.says(AT, action, value)
        assert audited.rates.at(AT) < 100, action
    audited.says(AT, "expect", 4_000)
    assert audited.rates.at(AT - SLACK_S) == 4_000


def test_a_rate_by_a_clock_that_was_ahead_grows_from_the_moment_when_it_was_set_right(
    audited: Audited,
) -> None:
    audited.rates.on_rate(0, AT + 60, 120)
    audited.says(AT, CLOCK_SET_RIGHT, 60)
    assert audited.rates.at(AT + 20) > 200


@pytest.mark.parametrize("rate", [CAP, CAP + 1])
def test_a_rate_above_the_cap_is_found(audited: Audited, rate: int) -> None:
    audited.rates.on_rate(7, AT, rate)
    assert audited.found() == ([7] if rate > CAP else [])


@pytest.mark.parametrize("by", ["operator", "rules"])
def test_a_lower_cap_holds_some_seconds_later(audited: Audited, by: str) -> None:
    """An admission that is still moving to the new cap is not accused."""
    audited.rules(AT - 100, cap=CAP)
    if by == "operator":
        audited.says(AT, "cap", 40)
    else:
        audited.rules(AT, cap=40)
    assert audited.rates.at(AT + RECENT_S) == CAP
    audited.rates.on_rate(1, AT + RECENT_S, CAP)
    assert audited.found() == []
    assert audited.rates.at(AT + RECENT_S + 1) == 40
    audited.rates.on_rate(2, AT + RECENT_S + 1, 41)
    assert audited.found() == [2]


def test_an_operators_cap_is_below_that_of_the_rules_and_can_be_taken_back(audited: Audited) -> None:
    audited.says(AT, "cap", CAP + 1_000)
    assert audited.rates.at(AT) == CAP
    audited.says(AT + 100, "cap", 40)
    assert audited.rates.at(AT + 200) == 40
    audited.rules(AT + 250, cap=500)
    assert audited.rates.at(AT + 300) == 40, "it outlives new rules"
    audited.says(AT + 400, "cap")
    assert audited.rates.at(AT + 400) == 500


# ------------------------------------------------------------------------------------------------- the door


def test_so_many_may_enter_at_once_and_then_by_the_rate(audited: Audited) -> None:
    audited.rules(AT, cap=60)
    many = int(2 * DEPTH_MIN + DEPTH_S + SLACK_S)
    assert audited.enter(AT, many) == []
    assert audited.enter(AT, first=many) == [many]
    assert audited.enter(AT + 1, first=many + 1) == [many], "a second later one more"
    assert audited.enter(AT + 1, first=many + 2) == [many, many + 2]
    assert audited.enter(AT, first=many + 3) == [many, many + 2, many + 3], "time does not run back"
    assert audited.enter(AT + 2, first=many + 4) == [many, many + 2, many + 3]
    assert audited.enter(AT + 2, first=many + 5)[3:] == [many + 5]


def test_after_a_lull_no_more_may_enter_than_at_the_beginning(audited: Audited) -> None:
    audited.rules(AT, cap=60)
    many = int(2 * DEPTH_MIN + DEPTH_S + SLACK_S)
    audited.enter(AT, many)
    assert audited.enter(AT + 1_000, many, first=many) == []
    assert audited.enter(AT + 1_000, first=2 * many) == [2 * many]


def test_after_a_clock_was_set_right_the_door_fills_from_then_on(audited: Audited) -> None:
    audited.rules(AT, cap=60)
    many = int(2 * DEPTH_MIN + DEPTH_S + SLACK_S)
    audited.enter(AT + 500, many)
    audited.says(AT, "announce")
    assert audited.enter(AT + 1, first=90) == [90], "nobody said so"
    audited = Audited()
    audited.rules(AT, cap=60)
    audited.enter(AT + 500, many)
    audited.says(AT, CLOCK_SET_RIGHT)
    assert audited.enter(AT + 1, first=many) == []
    audited.says(AT + 900, CLOCK_SET_RIGHT)
    assert audited.enter(AT + 2, 2, first=many + 1) == [many + 2], "nothing is given for it"


def test_who_enters_while_the_queue_is_halted_is_found_when_it_goes_on(audited: Audited) -> None:
    audited.says(AT, "halt")
    audited.enter(AT + SLACK_S)
    audited.enter(AT + SLACK_S + 1, first=1)
    audited.says(AT + 50, "halt")  # again: it is halted since the first time
    audited.enter(AT + 51, first=2)
    audited.enter(AT + 100 - SLACK_S - 1, first=3)
    audited.enter(AT + 100 - SLACK_S, first=4)
    assert audited.found() == []
    audited.says(AT + 100, "resume")
    assert audited.found() == [1, 2, 3]
    audited.enter(AT + 500, first=5)
    audited.halt.finish()
    assert audited.found() == [1, 2, 3]


def test_who_enters_while_the_queue_is_halted_is_found_at_the_end_of_the_log(audited: Audited) -> None:
    audited.says(AT, "halt")
    audited.enter(AT + 10)
    audited.halt.finish()
    assert audited.found() == [0]
