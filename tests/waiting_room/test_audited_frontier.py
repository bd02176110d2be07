"""The audit's checks of frontiers, clocks and switches, entry by entry."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from meterai.waiting_room.auditing.checks.clock import SLACK_S, ClockCheck
from meterai.waiting_room.auditing.checks.frontier import TOLERANCE_S, FrontierCheck
from meterai.waiting_room.auditing.checks.rules import RulesCheck
from meterai.waiting_room.auditing.checks.switching import SAID_WITHIN_S, SwitchingCheck
from meterai.waiting_room.auditing.checks.windows import WindowCheck
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.notes import Notes
from meterai.waiting_room.auditing.people.admissions import RateBound
from meterai.waiting_room.files.log_facts import CLOCK_SET_RIGHT, FrontierFacts, OperatorFacts
from meterai.waiting_room.rules.model import Frontier, Lane, Policy

AT = 1_000
CLAIM_S = 60
WINDOW_S = 5


class Audited:
    """A log with windows 3 to 6 closed and drawn, and the findings in it."""

    def __init__(self) -> None:
        self.findings = Findings()
        now = SimpleNamespace(
            policy=Policy(claim_minutes=CLAIM_S // 60), schedule=SimpleNamespace(window_s=WINDOW_S)
        )
        self.closes_at = 10 * AT
        rules = cast(RulesCheck, SimpleNamespace(now=now, is_over=lambda at: at > self.closes_at))
        self.windows = SimpleNamespace(first=3, closed_through=6, revealed_through=6, joined_last=5)
        self.moves: list[tuple[object, ...]] = []
        self.frontiers = FrontierCheck(
            rules,
            cast(WindowCheck, self.windows),
            RateBound(rules, self.findings),
            notes=cast(Notes, SimpleNamespace(add=lambda *row: self.moves.append(row))),
            findings=self.findings,
        )
        self.clock = ClockCheck(rules, self.findings)
        self.switching = SwitchingCheck(self.findings)

    def moved(
        self, at: int, window: int, x: int = 0, *, lane: Lane = Lane.NEW, epoch: int = 1, n: int = 0
    ) -> list[str]:
        """Moves a frontier. Returns the findings so far."""
        facts = FrontierFacts(lane=lane, window=window, x=str(x), epoch=epoch, rate=60)
        self.frontiers.on_frontier(n, at, facts)
        return self.found()

    def says(self, at: int, action: str) -> None:
        facts = OperatorFacts(action=action, value="", reason="ujian")
        self.clock.on_operator(at, facts)
        self.switching.on_operator(at, facts)

    def found(self) -> list[str]:
        return [finding.code for finding in self.findings.shown()]


@pytest.fixture
def audited() -> Audited:
    return Audited()


# -------------------------------------------------------------------------------------------- the frontiers


def test_a_frontier_may_stand_still_and_never_goes_back(audited: Audited) -> None:
    for x in (5, 5, 6):
        assert audited.moved(AT, 4, x) == []
    assert audited.moved(AT, 4, 5) == ["frontier.back"]
    assert audited.frontiers.new == Frontier(4, 6), "what was called stays called"
    assert [row[3:] for row in audited.moves] == [(4, x.to_bytes(8, "big")) for x in (5, 5, 6, 6)]


def test_who_has_an_order_in_flight_has_no_frontier(audited: Audited) -> None:
    assert audited.moved(AT, 4, lane=Lane.IN_FLIGHT) == ["frontier.back"]
    assert audited.frontiers.new == audited.frontiers.late == Frontier(0, 0)


def test_each_lane_has_a_frontier_of_its_own(audited: Audited) -> None:
    audited.moved(AT, 5)
    assert audited.moved(AT + CLAIM_S, 4, lane=Lane.RETURNER) == []
    assert (audited.frontiers.new, audited.frontiers.late) == (Frontier(5, 0), Frontier(4, 0))
    assert audited.moved(AT + CLAIM_S, 3, 9, lane=Lane.RETURNER) == ["frontier.back"]
    assert audited.frontiers.late == Frontier(4, 0)


def test_an_older_epoch_than_one_seen_is_a_controller_that_was_replaced(audited: Audited) -> None:
    assert audited.moved(AT, 4, epoch=2) == audited.moved(AT, 4, epoch=2) == []
    assert audited.moved(AT, 4, epoch=1) == ["frontier.epoch"]
    assert len(audited.moved(AT, 4, epoch=1)) == 2, "it is still older"


@pytest.mark.parametrize("untold", ["closed_through", "revealed_through"])
def test_a_frontier_goes_over_no_window_that_is_open_or_whose_seed_is_secret(
    audited: Audited, untold: str
) -> None:
    setattr(audited.windows, untold, 4)
    assert audited.moved(AT, 4, 9) == audited.moved(AT, 5, 0) == []
    assert audited.moved(AT, 5, 1) == ["frontier.unknown"]
    assert len(audited.moved(AT, 6, 0)) == 2


@pytest.mark.parametrize("untold", ["closed_through", "revealed_through"])
def test_before_any_window_is_told_a_frontier_stands_at_the_first(audited: Audited, untold: str) -> None:
    setattr(audited.windows, untold, None)
    assert audited.moved(AT, 3, 0) == []
    assert audited.moved(AT, 3, 1) == ["frontier.unknown"]


def test_after_the_closing_a_frontier_goes_over_windows_in_which_nobody_is_left_and_no_other(
    audited: Audited,
) -> None:
    audited.closes_at = AT
    assert audited.moved(AT, 5, 9) == audited.moved(AT + 1, 5, 9) == []
    assert audited.moved(AT + 1, 4, lane=Lane.RETURNER) == ["frontier.returners"], "and nothing else"
    assert audited.moved(AT + 1, 5, 10)[1:] == ["frontier.after_closing"]
    audited.windows.joined_last = 4
    assert len(audited.moved(AT + 1, 6)) == 2


def test_nobody_is_a_returner_before_the_call_has_lapsed(audited: Audited) -> None:
    assert audited.moved(AT, 3, 0, lane=Lane.RETURNER) == [], "nobody at all"
    audited.moved(AT, 4)
    audited.moved(AT + 1, 5)
    assert audited.moved(AT + CLAIM_S - 1, 4, lane=Lane.RETURNER) == ["frontier.returners"]
    audited = Audited()
    audited.moved(AT, 4)
    audited.moved(AT + 1, 5)
    assert audited.moved(AT + CLAIM_S, 4, lane=Lane.RETURNER) == []
    assert audited.moved(AT + CLAIM_S, 4, 1, lane=Lane.RETURNER) == ["frontier.returners"]
    assert audited.moved(AT + CLAIM_S + 1, 5, lane=Lane.RETURNER) == ["frontier.returners"]


def test_who_is_called_has_lanes_by_when_the_call_was_made(audited: Audited) -> None:
    """For some seconds a person has both lanes, because a claim may be in progress while a step is
    decided."""

    def lanes(at: int, place: int) -> set[Lane]:
        return audited.frontiers.lanes_of(at, 4, place)

    assert lanes(AT, 0) == set()
    audited.moved(AT, 4, 10)
    assert lanes(AT, 9) == {Lane.NEW, Lane.IN_FLIGHT}
    assert lanes(AT, 10) == set(), "the frontier itself is not called"
    lapsed = AT + CLAIM_S
    audited.moved(lapsed, 4, 5, lane=Lane.RETURNER)
    assert lanes(lapsed, 4) == lanes(lapsed + TOLERANCE_S - 1, 4) == {*Lane}
    assert lanes(lapsed + TOLERANCE_S, 4) == {Lane.RETURNER, Lane.IN_FLIGHT}
    assert lanes(lapsed + TOLERANCE_S, 5) == {Lane.NEW, Lane.IN_FLIGHT}
    audited.moved(lapsed + TOLERANCE_S, 4, 8, lane=Lane.RETURNER)
    assert lanes(lapsed + TOLERANCE_S, 4) == {Lane.RETURNER, Lane.IN_FLIGHT}
    assert lanes(lapsed + TOLERANCE_S, 7) == {*Lane}


# ------------------------------------------------------------------------------------------------ the clock


def test_a_clock_that_goes_back_little_by_little_has_gone_back_by_all_of_it(audited: Audited) -> None:
    few = WINDOW_S + SLACK_S
    for at in (AT, AT - few, AT - few - 1, AT, AT - few):
        audited.clock.on_entry(0, at)
    audited.clock.finish()
    assert audited.found() == ["log.clock"]


def test_a_clock_that_goes_back_by_more_than_a_window_says_so(audited: Audited) -> None:
    few = WINDOW_S + SLACK_S
    for at in (AT, AT - few, AT, AT - few):
        audited.clock.on_entry(0, at)
    audited.clock.finish()
    assert audited.found() == []
    audited.clock.on_entry(1, AT - 2 * few - 1)
    assert audited.found() == [], "it may still be said"
    audited.clock.on_entry(2, AT - 3 * few - 2)
    assert audited.found() == ["log.clock"], "of the first nothing was said"
    audited.clock.finish()
    audited.clock.finish()
    assert audited.found() == ["log.clock"] * 2


@pytest.mark.parametrize("after_s", [-SAID_WITHIN_S, SAID_WITHIN_S])
def test_a_clock_that_was_set_right_is_excused_where_it_is_said_near_by(
    audited: Audited, after_s: int
) -> None:
    back_to = AT - 500
    audited.clock.on_entry(0, AT)
    audited.clock.on_entry(1, back_to)
    audited.says(back_to + after_s, "on")
    audited.says(back_to + after_s * 2, CLOCK_SET_RIGHT)
    audited.says(back_to + after_s, CLOCK_SET_RIGHT)
    audited.clock.finish()
    assert audited.found() == []


@pytest.mark.parametrize(("action", "after_s"), [(CLOCK_SET_RIGHT, SAID_WITHIN_S + 1), ("on", 0)])
def test_nothing_else_excuses_a_clock_that_went_back(audited: Audited, action: str, after_s: int) -> None:
    audited.clock.on_entry(0, AT)
    audited.clock.on_entry(1, AT - 500)
    audited.says(AT - 500 + after_s, action)
    audited.clock.finish()
    assert audited.found() == ["log.clock"]


def test_a_clock_that_is_set_right_before_the_next_entry_has_not_gone_back(audited: Audited) -> None:
    audited.clock.on_entry(0, AT)
    audited.says(AT - 500, CLOCK_SET_RIGHT)
    audited.clock.on_entry(1, AT - 500)
    audited.says(AT + 500, CLOCK_SET_RIGHT)
    audited.clock.on_entry(2, AT - 500)
    audited.clock.finish()
    assert audited.found() == []


# ---------------------------------------------------------------------------------------------- the switch


@pytest.mark.parametrize(
    ("action", "after_s"),
    [("on", -SAID_WITHIN_S), ("on", SAID_WITHIN_S), ("off", -2_000), ("off", SAID_WITHIN_S)],
)
def test_time_is_cut_anew_while_people_wait_where_an_operator_said_so(
    audited: Audited, action: str, after_s: int
) -> None:
    told = [lambda: audited.switching.on_cut(0, AT, are_waiting=True, ended_at=AT)]
    told.insert(0 if after_s < 0 else 1, lambda: audited.says(AT + after_s, action))
    for tell in told:
        tell()
    audited.switching.finish()
    assert audited.found() == []


@pytest.mark.parametrize(
    ("action", "after_s"), [("", 0), ("cap", 0), ("on", SAID_WITHIN_S + 1), (CLOCK_SET_RIGHT, 0)]
)
def test_time_that_is_cut_anew_in_secret_is_found(audited: Audited, action: str, after_s: int) -> None:
    audited.switching.on_cut(0, AT, are_waiting=True, ended_at=AT)
    if action:
        audited.says(AT + after_s, action)
    assert audited.found() == []
    audited.switching.finish()
    audited.switching.finish()
    assert audited.found() == ["operator.hidden"]


def test_a_line_that_was_switched_on_long_ago_was_not_off_since(audited: Audited) -> None:
    """Nearly every log begins in this way."""
    audited.says(AT, "off")
    audited.says(AT + 1, "on")
    audited.switching.on_cut(0, AT + 2 + SAID_WITHIN_S, are_waiting=True, ended_at=AT)
    audited.switching.finish()
    assert audited.found() == ["operator.hidden"]


def test_a_line_that_is_off_is_an_excuse_until_it_is_on(audited: Audited) -> None:
    """Closing cuts time again. So does switching on, when the closing was moved meanwhile."""
    audited.says(AT, "off")
    audited.switching.on_cut(0, AT + 10, are_waiting=True, ended_at=AT)
    audited.switching.on_cut(1, AT + 20, are_waiting=True, ended_at=AT)
    audited.says(AT + 20, "on")
    audited.switching.on_cut(2, AT + 40, are_waiting=True, ended_at=AT)
    audited.switching.finish()
    assert audited.found() == ["operator.hidden"]


def test_where_nobody_waited_time_is_cut_anew_without_a_word(audited: Audited) -> None:
    audited.switching.on_cut(0, AT, are_waiting=False, ended_at=AT)
    audited.switching.finish()
    assert audited.found() == []


def test_a_clock_that_was_ahead_cuts_time_anew_and_says_so(audited: Audited) -> None:
    audited.switching.on_cut(0, AT, are_waiting=True, ended_at=AT + 1)
    audited.says(AT, CLOCK_SET_RIGHT)
    audited.switching.finish()
    assert audited.found() == []
    audited.switching.on_cut(1, AT + 50, are_waiting=True, ended_at=AT + 50)
    audited.says(AT + 50, CLOCK_SET_RIGHT)
    audited.switching.finish()
    assert audited.found() == ["operator.hidden"], "that it was ahead once excuses nothing"
