"""The admission alone: how many may enter, in which lane, and which tickets are invalid by their contents."""

from __future__ import annotations

import pytest

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.rules.admission import (
    DEPTH_MIN,
    LATE_S,
    AdmissionBuckets,
    check_ticket,
    lane_of,
    wait_s,
)
from meterai.waiting_room.rules.model import Frontier, Lane, Schedule
from meterai.waiting_room.rules.tickets import Ticket

AT = 1_000.0
SHARE = 20
"""Percent of the returners."""
EMPTY = AdmissionBuckets(0, 0, AT)


def levels(door: AdmissionBuckets) -> tuple[float, float]:
    return round(door.new, 6), round(door.returner, 6)


def test_in_a_second_flows_in_what_the_rate_says_each_lane_by_its_share() -> None:
    assert levels(EMPTY.filled(600, SHARE, AT + 1)) == (8, 2)
    assert levels(EMPTY.filled(60, 0, AT + 1.5)) == (1.5, 0)


def test_no_more_is_kept_than_some_seconds_of_the_rate() -> None:
    assert levels(EMPTY.filled(600, SHARE, AT + 3)) == levels(EMPTY.filled(600, SHARE, AT + 3_600)) == (24, 6)
    assert levels(EMPTY.filled(6, SHARE, AT + 3_600)) == (DEPTH_MIN, DEPTH_MIN), "else nobody at all"
    assert levels(EMPTY.filled(0, SHARE, AT + 3_600)) == (0, 0)
    assert levels(EMPTY.filled(0.6, SHARE, AT + 50)) == (0.4, 0.1), (
        "what a low rate lets in, and not a bucketful"
    )


def test_what_one_lane_leaves_over_the_other_may_use() -> None:
    assert levels(AdmissionBuckets(0, 6, AT).filled(600, SHARE, AT + 1)) == (10, 6)
    assert levels(AdmissionBuckets(24, 0, AT).filled(600, SHARE, AT + 0.3)) == (24, 3)
    assert levels(AdmissionBuckets(23, 5.5, AT).filled(600, SHARE, AT + 1)) == (24, 6)
    assert levels(AdmissionBuckets(24, 6, AT).filled(600, SHARE, AT + 1)) == (24, 6)


def test_after_a_fall_of_the_rate_what_was_kept_is_cut_and_goes_to_nobody() -> None:
    assert levels(AdmissionBuckets(24, 6, AT).filled(60, SHARE, AT)) == (2.4, 2)
    assert levels(AdmissionBuckets(0, 6, AT).filled(60, SHARE, AT)) == (0, 2)
    assert levels(AdmissionBuckets(24, 6, AT).filled(0, SHARE, AT + 1)) == (0, 0)
    assert levels(AdmissionBuckets(0, 6, AT).filled(60, SHARE, AT + 1)) == (1, 2), (
        "but what flows in while it is cut"
    )


def test_time_never_runs_back() -> None:
    before = AdmissionBuckets(1, 1, AT)
    assert before.filled(600, SHARE, AT - 50) == before
    assert before.filled(600, SHARE, AT + 50).filled_at == AT + 50


def test_each_who_enters_takes_a_place_of_the_lane_and_who_has_an_order_takes_none() -> None:
    door = AdmissionBuckets(1, 1.5, AT)
    assert door.entered(Lane.NEW) == AdmissionBuckets(0, 1.5, AT)
    assert door.entered(Lane.RETURNER) == AdmissionBuckets(1, 0.5, AT)
    assert AdmissionBuckets(0, 1, AT).entered(Lane.RETURNER) == EMPTY
    assert door.entered(Lane.IN_FLIGHT) == door
    assert EMPTY.entered(Lane.IN_FLIGHT) == EMPTY
    full = AdmissionBuckets(0.99, 0.99, AT)
    assert full.entered(Lane.NEW) is full.entered(Lane.RETURNER) is None


@pytest.mark.parametrize("rate", [30, 600, 6_000])
def test_over_an_hour_no_more_enter_than_the_rate_and_what_was_kept(rate: float) -> None:
    """People try in both lanes, twenty times a second."""
    door, entered = EMPTY.filled(rate, SHARE, AT + 3_600), 0
    kept = door.new + door.returner
    for tick in range(20 * 60):
        door = door.filled(rate, SHARE, AT + 3_600 + tick / 20)
        for lane in (Lane.RETURNER, Lane.NEW)[tick % 2 :]:
            while (after := door.entered(lane)) is not None:
                door, entered = after, entered + 1
    assert kept + rate - 5 - rate / 60 <= entered <= kept + rate


@pytest.mark.parametrize(
    ("rate", "lane", "knocking", "seconds"),
    [
        (0, Lane.NEW, 1, 30),
        (600, Lane.NEW, 0, 2),
        (600, Lane.NEW, 80, 11),
        (600, Lane.NEW, 205, 27),
        (600, Lane.RETURNER, 40, 21),
        (600, Lane.RETURNER, 80, 30),
        (60, Lane.NEW, 1, 2),
        (60, Lane.NEW, 2, 3),
        (6_000, Lane.NEW, 10, 2),
    ],
)
def test_the_more_people_knock_the_later_it_is_worth_knocking_again(
    rate: float, lane: Lane, knocking: int, seconds: int
) -> None:
    assert wait_s(rate, SHARE, lane, knocking=knocking) == seconds


def test_who_was_called_before_the_calls_that_lapse_now_is_a_returner() -> None:
    new, late = Frontier(5, 10), Frontier(3, 10)
    lanes = {place: lane_of(new, late, *place) for place in ((3, 9), (3, 10), (5, 9), (5, 10), (6, 0))}
    assert lanes == {
        (3, 9): Lane.RETURNER, (3, 10): Lane.NEW, (5, 9): Lane.NEW, (5, 10): None, (6, 0): None,
    }  # fmt: skip


def check(schedule: Schedule, window: int, joined_at: int) -> bool:
    """Whether a ticket is accepted."""
    ticket = Ticket(
        key_id=1, event=bytes(4), window=window, joined_at=joined_at, lane=Lane.NEW, gate=1, sequence=1,
        id=bytes(12),
    )  # fmt: skip
    try:
        check_ticket(schedule, ticket)
    except Refusal:
        return False
    return True


def test_a_ticket_made_after_its_window_was_over_is_backdated_but_for_the_time_that_a_join_takes() -> None:
    schedule = Schedule(joins_from=100, opens_at=200, closes_at=300, window_s=10)
    for window, ends_at in ((0, 200), (1, 210), (2, 220)):
        assert check(schedule, window, ends_at + LATE_S - 1)
        assert not check(schedule, window, ends_at + LATE_S)
        assert not check(schedule, window, ends_at + 30)
    assert check(schedule, 2, 205), "a window that is still to come is no advantage"
    assert check(schedule, 0, 100), "in the first second of all"
    assert not check(schedule, 2, 5), "before anybody could join"
    assert not check(schedule, 10, 300 + LATE_S), "after the closing"


def test_of_tickets_from_before_time_was_cut_anew_the_time_says_nothing() -> None:
    again = Schedule(joins_from=200, opens_at=200, closes_at=300, window_s=10, first_window=5)
    assert check(again, 4, 290), "a window of the time before"
    assert check(again, 5, 290), "the window that was open then"
    assert not check(again, 6, 290)
    once = Schedule(joins_from=200, opens_at=200, closes_at=300, window_s=10, first_window=2)
    assert check(once, 2, 290)
    assert not check(once, 3, 290)
    first = Schedule(joins_from=200, opens_at=200, closes_at=300, window_s=10)
    assert not check(first, 1, 290)
    assert check(first, 1, 199), "joined by a clock that was ahead"
    assert not check(first, 2, 199)
