"""The number of calls for each person who may enter, by the controller's step and the admission."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from meterai.waiting_room.rules.admission import AdmissionBuckets
from meterai.waiting_room.rules.frontier_moves import advance
from meterai.waiting_room.rules.model import U_MAX, Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_control import SILENT_S, pressure_of, state_of, step
from meterai.waiting_room.rules.rate_model import (
    ControllerMemory,
    LineCounts,
    OperatorWishes,
    SiteMeasurements,
)

SCHEDULE = Schedule(joins_from=0, opens_at=0, closes_at=100_000)
POLICY = Policy(rate_floor=60, rate_cap=600)


def play(
    seconds: int, *, shows: float, caps: tuple[int, int] = (600, 600), tells_full_door: bool = True
) -> tuple[float, float]:
    """Plays it with this share of the called people coming at once.

    Returns (people at the door, people who entered a minute in the end). `caps`: what the site bears in turn,
    20 s each.
    """
    memory, door = ControllerMemory(rate=600, is_direct=False), AdmissionBuckets(0, 0, 0)
    called = claimed = entered = 0
    knocking = 0.0
    for now in range(1, seconds + 1):
        decided = step(
            memory,
            schedule=SCHEDULE,
            policy=POLICY,
            wishes=OperatorWishes(is_on=True, rate_cap=caps[now // 20 % 2]),
            measured=SiteMeasurements(heard_s=0),
            line=LineCounts(100_000, called, claimed, None, door.new < 1 and tells_full_door),
            now=now,
            elapsed_s=1,
        )
        memory, called = decided.memory, round(decided.calls / 60)
        knocking += called * shows
        door = door.filled(decided.rate, 0, now)
        claimed = min(int(door.new), int(knocking))
        door = msgspec.structs.replace(door, new=door.new - claimed)
        knocking -= claimed
        entered += claimed if now > seconds - 300 else 0
    return knocking, entered / 5


def test_when_many_of_those_called_do_not_come_more_are_called_and_the_site_stays_full() -> None:
    knocking, entered_per_min = play(1_800, shows=0.6)
    assert entered_per_min > 550
    assert knocking < 50


def test_people_who_wait_at_a_full_door_are_not_taken_for_absent() -> None:
    """Otherwise ever more people would be called, and wait at the door without a place instead of in the
    line."""
    knocking, entered_per_min = play(1_800, shows=0.95)
    assert knocking < 50
    assert entered_per_min > 550
    blind, _ = play(2_400, shows=0.95, tells_full_door=False)
    assert blind > 500


def test_when_the_site_bears_now_more_now_less_nobody_piles_up_at_the_door() -> None:
    knocking, entered_per_min = play(1_800, shows=0.95, caps=(600, 300))
    assert knocking < 50
    assert entered_per_min > 350


@pytest.mark.parametrize(
    ("now", "told", "state"),
    [
        (99, {}, QueueState.OFF),
        (100, {}, QueueState.LOTTERY),
        (199, {}, QueueState.LOTTERY),
        (200, {}, QueueState.OPEN),
        (249, {}, QueueState.OPEN),
        (250, {}, QueueState.LAST_CALL),
        (299, {}, QueueState.LAST_CALL),
        (300, {}, QueueState.CLOSED),
        (150, {"is_on": False}, QueueState.OFF),
        (300, {"is_on": False}, QueueState.CLOSED),
        (200, {"halted": True}, QueueState.HALTED),
        (200, {"heard_s": SILENT_S}, QueueState.OPEN),
        (200, {"heard_s": SILENT_S + 1}, QueueState.HALTED),
        (200, {"stock": 1}, QueueState.OPEN),
        (200, {"stock": 0}, QueueState.OUT_OF_STOCK),
        (250, {"is_direct": True}, QueueState.DIRECT),
        (199, {"is_direct": True}, QueueState.LOTTERY),
        # being in line at the closing counts
        (300, {"line_counts": True}, QueueState.LAST_CALL),
        (300, {"line_counts": True, "is_on": False}, QueueState.CLOSED),
        (300, {"line_counts": True, "waiting": 0}, QueueState.CLOSED),
        (300, {"line_counts": True, "waiting": 0, "knocking": 1}, QueueState.LAST_CALL),
        (300, {"line_counts": True, "waiting": 0, "call_left_s": 1}, QueueState.LAST_CALL),
        (300, {"line_counts": True, "waiting": 0, "call_left_s": 1, "is_direct": True}, QueueState.CLOSED),
    ],
)
def test_what_a_queue_does_goes_by_the_hour_the_operator_and_the_site(
    now: int, told: dict[str, Any], state: QueueState
) -> None:
    found = state_of(
        Schedule(joins_from=100, opens_at=200, closes_at=300, last_call_at=250),
        Policy(line_counts=told.get("line_counts", False)),
        OperatorWishes(is_on=told.get("is_on", True), halted=told.get("halted", False)),
        SiteMeasurements(heard_s=told.get("heard_s", 0), stock=told.get("stock")),
        LineCounts(told.get("waiting", 1), 0, 0, knocking=told.get("knocking", 0)),
        ControllerMemory(is_direct=told.get("is_direct", False), call_left_s=told.get("call_left_s", 0)),
        now,
    )
    assert found is state


@pytest.mark.parametrize(("can_buy", "goes_on"), [(False, True), (True, False)])
def test_where_the_line_counts_it_stays_open_while_no_code_comes_to_who_was_called_last(
    can_buy: bool, goes_on: bool
) -> None:
    now, memory = SCHEDULE.closes_at, ControllerMemory(is_direct=False, call_left_s=1)
    for _ in range(3):
        now += 1
        decided = step(
            memory,
            schedule=SCHEDULE,
            policy=Policy(line_counts=True),
            wishes=OperatorWishes(is_on=True, always=True),
            measured=SiteMeasurements(heard_s=0, can_buy=can_buy),
            line=LineCounts(0, 0, 0),
            now=now,
            elapsed_s=1,
        )
        memory = decided.memory
    assert (decided.state is not QueueState.CLOSED) is goes_on


def test_a_few_requests_that_fail_say_nothing_of_a_site() -> None:
    few, enough = (SiteMeasurements(heard_s=0, requests=n, fault_share=1.0) for n in (9, 10))
    assert pressure_of(few) == 0
    assert pressure_of(enough) > 1


@pytest.mark.parametrize(
    ("start", "windows", "people", "reached", "passed", "left"),
    [
        (Frontier(1, 0), [(1, 10), (2, 0), (3, 10)], 9.0, Frontier(1, U_MAX * 9 // 10), 9, 0),
        (Frontier(1, 0), [(1, 10), (2, 0), (3, 10)], 10.0, Frontier(3, 0), 10, 0),
        (Frontier(1, 0), [(1, 10), (2, 0), (3, 10)], 25.0, Frontier(4, 0), 20, 5),
        (Frontier(1, U_MAX // 2), [(1, 10)], 5.0, Frontier(2, 0), 5, 0),
        (Frontier(2, 0), [(1, 10), (2, 10)], 10.0, Frontier(3, 0), 10, 0),
        (Frontier(1, 0), [(1, 10), (3, 10)], 15.0, Frontier(2, 0), 10, 5),
    ],
)
def test_a_frontier_goes_over_whole_windows_in_order_and_over_none_that_is_not_drawn(
    start: Frontier,
    windows: list[tuple[int, int]],
    people: float,
    reached: Frontier,
    passed: int,
    left: float,
) -> None:
    frontier, found, rest = advance(start, windows, people)
    assert (frontier.window, found, rest) == (reached.window, passed, left)
    assert abs(frontier.x - reached.x) < 2**12, "but for the rounding of a share"
