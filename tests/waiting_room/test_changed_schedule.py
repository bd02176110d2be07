"""The schedule that replaces a published one when another is wanted, at each edge; without a store."""

from __future__ import annotations

import msgspec
import pytest

from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.use_cases.set_queue import KNOWN_AFTER_S, changed

JOINS, OPENS, CLOSES = 1_000, 2_000, 9_000
LOTTERY = Schedule(joins_from=JOINS, opens_at=OPENS, closes_at=CLOSES)
PLAIN = Schedule(joins_from=OPENS, opens_at=OPENS, closes_at=CLOSES)
OTHER = Schedule(joins_from=1_200, opens_at=3_000, closes_at=8_000, window_s=20)


def changed_at(
    now: float, new: Schedule | None, *, old: Schedule = LOTTERY, next_window: int = 0
) -> Schedule:
    return changed(old, new, now, next_window=next_window)


def with_(schedule: Schedule, **changes: int | None) -> Schedule:
    return msgspec.structs.replace(schedule, **changes)


@pytest.mark.parametrize(
    ("now", "closes_at", "becomes"),
    [
        (5_000, 8_000, 8_000),
        (5_000.9, 4_000, 5_000 + KNOWN_AFTER_S),
        (5_000.9, None, 5_000 + KNOWN_AFTER_S),
        (5_000, 5_031, 5_031),
        (5_000, 12_000, 12_000),
        (1_500, None, OPENS + 1),  # people have joined: it closes right after the opening
        (JOINS, None, OPENS + 1),
        (9_500, None, CLOSES),
        (9_500, 8_000, CLOSES),  # what is over stays as it was
        (9_500, 12_000, 12_000),
    ],
)
def test_once_people_can_join_only_the_closing_moves(now: float, closes_at: int | None, becomes: int) -> None:
    new = None if closes_at is None else with_(OTHER, closes_at=closes_at)
    assert changed_at(now, new) == with_(LOTTERY, closes_at=becomes)


@pytest.mark.parametrize(
    ("now", "joins_from", "joins_then", "opens_then"),
    [
        (500, 1_200, 1_200, 3_000),
        (900, 901, 901, 3_000),
        (900, 900, 930, 3_000),  # every gate knows it this soon
        (990, 800, JOINS, 3_000),  # no later than people were told
        (900, 2_999, 2_999, 3_000),
    ],
)
def test_before_anybody_can_join_everything_moves(
    now: float, joins_from: int, joins_then: int, opens_then: int
) -> None:
    new = with_(OTHER, joins_from=joins_from)
    assert changed_at(now, new) == with_(OTHER, joins_from=joins_then, opens_at=opens_then)


def test_an_opening_that_is_over_comes_when_every_gate_knows_it() -> None:
    new = Schedule(joins_from=400, opens_at=450, closes_at=8_000)
    assert changed_at(500, new) == with_(new, joins_from=530, opens_at=530)


def test_a_queue_whose_event_is_over_before_anybody_could_join_closes_at_once() -> None:
    found = changed_at(500, None)
    assert (found.joins_from, found.opens_at, found.closes_at) == (529, 529, 530)
    found = changed_at(500, None, old=with_(LOTTERY, last_call_at=8_000))
    assert (found.opens_at, found.last_call_at, found.closes_at) == (529, 530, 530)
    found = changed_at(500, None, old=with_(LOTTERY, joins_from=510, opens_at=520))
    assert (found.joins_from, found.opens_at, found.closes_at) == (510, 520, 530)


@pytest.mark.parametrize(
    ("old", "joins_from", "next_window", "first_window"),
    [
        (LOTTERY, 1_200, 0, 1),
        (LOTTERY, 3_000, 0, 1),
        (PLAIN, 1_200, 0, 2),  # without a lottery window 0 counts as closed
        (PLAIN, 3_000, 0, 1),
        (LOTTERY, 1_200, 5, 6),
        (LOTTERY, 3_000, 5, 5),
        (with_(PLAIN, first_window=7), 1_200, 5, 8),
    ],
)
def test_a_lottery_that_is_added_gets_a_window_that_is_not_closed(
    old: Schedule, joins_from: int, next_window: int, first_window: int
) -> None:
    found = changed_at(500, with_(OTHER, joins_from=joins_from), old=old, next_window=next_window)
    assert found.first_window == first_window


@pytest.mark.parametrize(
    ("now", "before", "wanted", "becomes"),
    [
        (5_000, None, None, None),
        (5_000, 6_000, None, None),
        (5_000, None, 6_000, 6_000),
        (5_000, None, 5_031, 5_031),
        (5_000, None, 5_030, 5_030),
        (5_000, None, 4_500, 5_030),  # the next end of a window: no window in which people joined is cut
        (5_001, None, 4_500, 5_040),
        (5_000, 6_000, 4_500, 5_030),
        (5_000, 4_000, 4_000, 4_000),
        (5_000, 4_000, 4_500, 4_000),  # it has been called
        (5_000, 5_030, 4_500, 5_030),
        (5_000, 5_035, 4_500, 5_030),
        (5_005, 5_035, 4_500, 5_035),
        (5_005, None, 5_035, 5_040),
        (5_000, OPENS, 4_500, 5_030),
        (5_000, None, OPENS, OPENS),
        (5_000, None, OPENS + 1, 5_030),
        (8_980, None, 8_000, CLOSES + 2),  # the end of the window would be after the closing
        (8_980, 8_995, 8_000, 8_995),
    ],
)
def test_a_last_call_for_a_moment_that_is_over_comes_with_the_next_end_of_a_window(
    now: float, before: int | None, wanted: int | None, becomes: int | None
) -> None:
    old, new = (with_(LOTTERY, last_call_at=at) for at in (before, wanted))
    assert changed_at(now, with_(new, closes_at=CLOSES + 2), old=old).last_call_at == becomes
