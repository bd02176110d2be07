"""What a step decides about its clock and about windows that stand still, at each edge; without a store."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from meterai.waiting_room.control import advancing
from meterai.waiting_room.control.advancing import _has_passed_all, waits_for_draw
from meterai.waiting_room.control.drawing import REVEAL_AFTER_S
from meterai.waiting_room.control.step_draft import StepDraft, StepInput
from meterai.waiting_room.control.time_cuts import (
    CLOSED_LONG_WINDOWS,
    closed_ahead_s,
    cut_time_again,
    is_shut_ahead,
    open_as_planned,
    plan_that_a_clock_overtook,
    was_closed_long,
    with_joins_since,
)
from meterai.waiting_room.control.window_closing import ended_at, over_through
from meterai.waiting_room.files.published_documents import Announcement
from meterai.waiting_room.rules.model import Frontier, Policy, QueueState, Schedule
from meterai.waiting_room.rules.rate_history import OUTAGE_MIN_S
from meterai.waiting_room.rules.rate_model import ControllerMemory, SiteMeasurements
from meterai.waiting_room.rules.step_times import CLOCK_RUNS_BACK_S, ELAPSED_S_MAX
from meterai.waiting_room.store.queues import Queue

JOINS, OPENS, CLOSES, WINDOW_S = 9_900, 10_000, 20_000, 10
LOTTERY = Schedule(joins_from=JOINS, opens_at=OPENS, closes_at=CLOSES)
PLAIN = Schedule(joins_from=OPENS, opens_at=OPENS, closes_at=CLOSES)


def queue_of(**changes: object) -> Queue:
    told: dict[str, Any] = {
        "number": 1, "event": "casn", "schedule": PLAIN, "policy": Policy(), "is_on": True,
        "always_in_line": False, "halted_because": None, "rate_cap": None, "note": Announcement(), "epoch": 1,
            "note_until": None,
        "sequence": 1, "state": QueueState.OPEN, "closed_through": 5, "revealed_through": 5,
        "frontier": Frontier(6, 0), "moved_at": OPENS + 60.0, "joined": 10, "called": 10, "admitted": 0,
        "log_size": 1, "config_version": 3, "config_sha256": "00", "memory": ControllerMemory(),
    }  # fmt: skip
    return Queue(**(told | changes))


def draft_at(
    now: float,
    *,
    gates_closed_through: int = -1,
    steering: object = None,
    can_buy: bool = True,
    **changes: object,
) -> StepDraft:
    """A step that begins at `now`."""
    seen = StepInput(
        now=now, gathered=(), published_through=5, published_at=None, open_joins={},
        gates_closed_through=gates_closed_through,
        measured=SiteMeasurements(heard_s=0, can_buy=can_buy), called=0, seeds=cast(Any, None),
    )  # fmt: skip
    return StepDraft(cast(Any, None), cast(Any, steering), seen, queue_of(**changes))


@pytest.mark.parametrize(
    ("state", "now", "gates", "through"),
    [
        (QueueState.OPEN, OPENS + 25.9, 0, 2),
        (QueueState.OPEN, OPENS, 7, 0),
        (QueueState.LOTTERY, JOINS, 7, -1),
        (QueueState.LOTTERY, JOINS - 1, 7, -1),
        (QueueState.OPEN, CLOSES - 1, 7, 999),
        (QueueState.CLOSED, CLOSES, 7, 1_000),
        (QueueState.DIRECT, OPENS, 7, 7),
        (QueueState.OFF, CLOSES + 5, 7, 7),
        (QueueState.DIRECT, OPENS - 0.1, 7, -1),
    ],
)
def test_the_last_window_that_is_over(state: QueueState, now: float, gates: int, through: int) -> None:
    assert over_through(LOTTERY, state, now, gates_closed_through=gates) == through


def test_a_window_of_before_time_was_cut_anew_ended_then_and_none_ends_in_the_future() -> None:
    cut = msgspec.structs.replace(PLAIN, first_window=40)
    assert ended_at(cut, 39, OPENS + 500) == OPENS
    assert ended_at(cut, 40, OPENS + 500) == OPENS + WINDOW_S
    assert ended_at(cut, 200, OPENS + 500) == OPENS + 500


@pytest.mark.parametrize(
    ("state", "halted_because", "is_direct", "is_free"),
    [
        (QueueState.DIRECT, None, False, True),
        (QueueState.OFF, None, False, True),
        (QueueState.OPEN, None, True, False),
        (QueueState.HALTED, None, True, True),
        (QueueState.HALTED, None, False, False),
        (QueueState.HALTED, "uji coba", True, False),
        (QueueState.OUT_OF_STOCK, None, True, False),
    ],
)
def test_who_enters_without_a_place_as_the_site_sees_it(
    state: QueueState, halted_because: str | None, is_direct: bool, is_free: bool
) -> None:
    memory = ControllerMemory(is_direct=is_direct)
    queue = queue_of(state=state, halted_because=halted_because, memory=memory)
    assert queue.enters_freely is is_free


@pytest.mark.parametrize(
    ("joined", "window", "passes"), [(10, 5, True), (10, 4, True), (10, 6, False), (11, 5, False)]
)
def test_only_when_all_are_called_is_an_empty_window_passed(joined: int, window: int, passes: bool) -> None:
    assert _has_passed_all(queue_of(joined=joined, frontier=Frontier(window, 0))) is passes


@pytest.mark.parametrize(
    ("closed_through", "now", "ahead_s"),
    [
        (5, OPENS + 40, 0),  # by a window: clocks may differ a little
        (5, OPENS + 39.9, 10),
        (5, OPENS + 39, 11),
        (-1, OPENS + 39, 0),
        (1_000, OPENS, CLOSES - OPENS),
        (1_000, OPENS - 1, 0),
        (2_000, CLOSES - 11, 11),
        (2_000, CLOSES, 0),
    ],
)
def test_windows_that_are_closed_beyond_now_are_so_by_a_clock_that_was_ahead(
    closed_through: int, now: float, ahead_s: int
) -> None:
    assert closed_ahead_s(draft_at(now, closed_through=closed_through)) == ahead_s


@pytest.mark.parametrize(
    ("back_s", "window_s", "told_s"), [(2, 1, 0), (2.1, 1, 2), (10, 10, 0), (11, 10, 11)]
)
def test_a_clock_that_runs_back_by_little_is_not_one_that_was_set_right(
    back_s: float, window_s: int, told_s: int
) -> None:
    schedule = msgspec.structs.replace(PLAIN, window_s=window_s)
    draft = draft_at(OPENS + 60 - back_s, schedule=schedule)
    assert draft.set_back_s() == told_s
    assert draft.is_set_back() is (back_s > CLOCK_RUNS_BACK_S)


@pytest.mark.parametrize(("passed_s", "elapsed_s"), [(-5, 0), (0.5, 0.5), (2, 2), (900, ELAPSED_S_MAX)])
def test_the_people_of_a_pause_are_not_called_all_at_once(passed_s: float, elapsed_s: float) -> None:
    assert draft_at(OPENS + 60 + passed_s).elapsed_s() == elapsed_s


@pytest.mark.parametrize(
    ("state", "passed_s", "shut_s"),
    [
        (QueueState.OPEN, 3, 0),
        (QueueState.OPEN, 4, 4),  # this long there was no controller, or no store
        (QueueState.HALTED, 1, 1),
        (QueueState.OUT_OF_STOCK, 2, 2),
        (QueueState.HALTED, 0, 0),
        (QueueState.HALTED, -4, 0),
        (QueueState.DIRECT, 3, 0),
        (QueueState.CLOSED, 900, 0),
    ],
)
def test_time_in_which_nobody_could_enter(state: QueueState, passed_s: int, shut_s: int) -> None:
    assert draft_at(OPENS + 60 + passed_s, state=state).shut_s == shut_s


@pytest.mark.parametrize(
    ("can_buy", "state", "shut_s"),
    [(False, QueueState.OPEN, 1), (True, QueueState.OPEN, 0), (False, QueueState.CLOSED, 0)],
)
def test_while_no_code_comes_the_time_of_a_call_does_not_run(
    can_buy: bool, state: QueueState, shut_s: int
) -> None:
    """Called people can't prove the contact. At the closing they would count as people who did not come."""
    assert draft_at(OPENS + 61, state=state, can_buy=can_buy).shut_s == shut_s


@pytest.mark.parametrize(("line_counts", "shut_s"), [(False, 100), (True, 400)])
def test_nobody_enters_after_the_closing_unless_being_in_line_counts(line_counts: bool, shut_s: int) -> None:
    policy = Policy(line_counts=line_counts)
    assert draft_at(CLOSES + 300, moved_at=CLOSES - 100.0, policy=policy).shut_s == shut_s


@pytest.mark.parametrize(
    ("now", "moved_at", "since", "is_shut"),
    [
        (JOINS - 20, JOINS + 60, JOINS - 30, True),
        (JOINS - 20, JOINS + 60, JOINS - 20, True),
        (JOINS - 20, JOINS + 60, JOINS - 19, False),  # by that clock alone
        (JOINS - 20, JOINS + 60, 0, False),
        (JOINS, JOINS + 60, JOINS - 30, False),
        (JOINS - 20, JOINS - 15, JOINS - 30, False),  # it runs back by less than a window
    ],
)
def test_who_could_join_until_a_clock_closed_the_queue_may_join_again(
    now: int, moved_at: int, since: int, is_shut: bool
) -> None:
    memory = ControllerMemory(joins_since=float(since))
    draft = draft_at(now, schedule=LOTTERY, moved_at=float(moved_at), memory=memory)
    assert is_shut_ahead(draft) is is_shut


@pytest.mark.parametrize(
    ("now", "since", "noted"),
    [(JOINS - 1, 0, 0), (JOINS, 0, JOINS), (JOINS + 50, JOINS, JOINS), (JOINS + 10, JOINS + 90, JOINS + 10)],
)
def test_since_when_people_may_join_is_by_the_earliest_clock(now: int, since: int, noted: int) -> None:
    draft = draft_at(now, schedule=LOTTERY)
    assert with_joins_since(draft, ControllerMemory(joins_since=float(since))).joins_since == noted


AHEAD = 15_000
"""Where a clock that was ahead cut time again."""


@pytest.mark.parametrize(
    ("now", "moved_at", "joins_from", "opens_at", "is_planned"),
    [
        (OPENS - 50, AHEAD + 9, AHEAD, AHEAD, True),
        (OPENS - 1, AHEAD + 9, AHEAD, AHEAD, True),
        (OPENS, AHEAD + 9, AHEAD, AHEAD, False),  # it would have opened by now
        (OPENS - 50, OPENS - 45, AHEAD, AHEAD, False),  # no clock was set right
        (OPENS - 50, AHEAD + 9, AHEAD - 1, AHEAD, False),  # other rules hold since
        (OPENS - 50, AHEAD + 9, AHEAD + 1, AHEAD + 1, False),
    ],
)
def test_a_line_that_such_a_clock_opened_opens_as_planned(
    now: int, moved_at: int, joins_from: int, opens_at: int, is_planned: bool
) -> None:
    schedule = Schedule(joins_from=joins_from, opens_at=opens_at, closes_at=CLOSES)
    memory = ControllerMemory(planned=(AHEAD, JOINS, OPENS))
    draft = draft_at(now, schedule=schedule, moved_at=float(moved_at), memory=memory)
    assert plan_that_a_clock_overtook(draft) == ((JOINS, OPENS) if is_planned else None)
    assert plan_that_a_clock_overtook(draft_at(now, schedule=schedule, moved_at=float(moved_at))) is None


@pytest.mark.parametrize(
    ("joins_from", "closed_through", "gates", "first_window"),
    [(JOINS, 7, 3, 9), (OPENS, 7, 3, 8), (JOINS, 2, 8, 10)],
)
def test_planned_again_the_lottery_gets_a_window_that_nobody_has_closed(
    joins_from: int, closed_through: int, gates: int, first_window: int
) -> None:
    draft = draft_at(OPENS - 50, closed_through=closed_through, gates_closed_through=gates)
    open_as_planned(draft, joins_from, OPENS)
    queue = draft.queue
    assert queue.schedule == Schedule(
        joins_from=joins_from, opens_at=OPENS, closes_at=CLOSES, first_window=first_window
    )
    assert queue.config_version == 4


@pytest.mark.parametrize(
    ("now", "closed_through", "gates", "schedule", "start", "first_window"),
    [
        (OPENS + 77.9, 5, -1, PLAIN, OPENS + 77, 6),
        (OPENS + 77, 5, 9, PLAIN, OPENS + 77, 10),
        (CLOSES + 40, 5, -1, PLAIN, CLOSES - 1, 6),
        # the lottery, which could not be closed yet, keeps its window for itself
        (OPENS + 77, -1, -1, LOTTERY, OPENS + 77, 2),
        (OPENS + 77, 8, -1, msgspec.structs.replace(LOTTERY, first_window=10), OPENS + 77, 10),
        (OPENS + 77, 9, -1, msgspec.structs.replace(LOTTERY, first_window=10), OPENS + 77, 10),
        (OPENS + 77, 0, -1, LOTTERY, OPENS + 77, 1),
        (OPENS + 77, -1, 8, LOTTERY, OPENS + 77, 9),
    ],
)
def test_time_that_is_cut_anew_goes_on_from_now_with_a_window_that_nobody_has_closed(
    now: float, closed_through: int, gates: int, schedule: Schedule, start: int, first_window: int
) -> None:
    draft = draft_at(now, closed_through=closed_through, gates_closed_through=gates, schedule=schedule)
    cut_time_again(draft)
    cut = draft.queue.schedule
    assert (cut.joins_from, cut.opens_at, cut.first_window) == (start, start, first_window)
    assert draft.queue.config_version == 4


@pytest.mark.parametrize(
    ("state", "missing", "is_long"),
    [
        (QueueState.CLOSED, CLOSED_LONG_WINDOWS + 1, True),
        (QueueState.CLOSED, CLOSED_LONG_WINDOWS, False),
        (QueueState.OPEN, CLOSED_LONG_WINDOWS + 1, False),
    ],
)
def test_windows_of_a_long_closing_are_left_out(state: QueueState, missing: int, is_long: bool) -> None:
    now = OPENS + (5 + missing - 1) * WINDOW_S  # in window 5 + missing
    assert was_closed_long(draft_at(now, state=state)) is is_long
    assert not was_closed_long(draft_at(CLOSES + 10, state=QueueState.CLOSED))


@pytest.mark.parametrize(
    ("late_s", "frontier", "revealed", "round_s", "has_source", "waits"),
    [
        (OUTAGE_MIN_S + 0.1, 5, 4, None, False, True),
        (OUTAGE_MIN_S, 5, 4, None, False, False),
        (OUTAGE_MIN_S + 0.1, 4, 4, None, False, False),  # some drawn people are not called yet
        (OUTAGE_MIN_S + 0.1, 6, 5, None, False, False),  # the next is not closed yet
        (OUTAGE_MIN_S + 0.1, 5, 4, 30, True, False),  # its round is not due yet
        (OUTAGE_MIN_S + 30.1, 5, 4, 30, True, True),
        (OUTAGE_MIN_S, 5, 4, -30, True, False),
        (OUTAGE_MIN_S + 0.1, 5, 4, None, True, True),
        (OUTAGE_MIN_S + 0.1, 5, 4, 30, False, True),  # the beacon is not used any more
    ],
)
def test_a_draw_that_is_late_is_an_outage_and_one_that_is_not_due_is_none(
    monkeypatch: pytest.MonkeyPatch, late_s: float, frontier: int, revealed: int, round_s: int | None,
    has_source: bool, waits: bool,
) -> None:  # fmt: skip
    drawn_at = OPENS + 5 * WINDOW_S + REVEAL_AFTER_S
    monkeypatch.setattr(advancing, "due_at", lambda name, number: drawn_at + number)
    steering = SimpleNamespace(beacon=SimpleNamespace(name="suar") if has_source else None)
    memory = ControllerMemory(beacon_rounds={} if round_s is None else {"5": round_s})
    draft = draft_at(drawn_at + late_s, steering=steering, memory=memory, revealed_through=revealed)
    assert waits_for_draw(draft, Frontier(frontier, 0)) is waits
