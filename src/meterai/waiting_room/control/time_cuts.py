"""Cuts time into windows again: after a time without waiting people, and after a clock that was ahead."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_model import ControllerMemory
from meterai.waiting_room.rules.windows import end_of, number_at

CLOSED_LONG_WINDOWS = 100


def closed_ahead_s(draft: StepDraft) -> int:
    """How many seconds beyond now windows are closed, because a clock was ahead that is right now.

    Without a cut all new joins would be in one window until then.
    """
    schedule = draft.queue.schedule
    if draft.queue.closed_through < 0 or not schedule.opens_at <= draft.now < schedule.closes_at:
        return 0
    return draft.unless_little(end_of(schedule, draft.queue.closed_through) - draft.now)


def with_joins_since(draft: StepDraft, memory: ControllerMemory) -> ControllerMemory:
    if draft.now < draft.queue.schedule.joins_from:
        return memory
    return msgspec.structs.replace(memory, joins_since=min(memory.joins_since or draft.now, draft.now))


def is_shut_ahead(draft: StepDraft) -> bool:
    """Whether people could join before a fast clock closed the queue and cut time at its end."""
    since, schedule = draft.queue.memory.joins_since, draft.queue.schedule
    return draft.set_back_s() > 0 and 0 < since <= draft.now < schedule.joins_from


def plan_to_keep(draft: StepDraft) -> tuple[int, int, int]:
    """Where time is cut at the first step at which people can join, and the plan before that cut.

    The plan is kept because the clock may be ahead.
    """
    schedule = draft.queue.schedule
    return start_again_at(draft), schedule.joins_from, schedule.opens_at


def plan_that_a_clock_overtook(draft: StepDraft) -> tuple[int, int] | None:
    """(When people may join, the opening) as planned, if a fast clock passed that time and is right now.

    None if no clock did. Passing means: it opened or closed the queue too early.
    """
    planned, schedule = draft.queue.memory.planned, draft.queue.schedule
    if planned is None or draft.set_back_s() == 0 or draft.now >= planned[2]:
        return None
    return planned[1:] if schedule.joins_from == schedule.opens_at == planned[0] else None


def open_as_planned(draft: StepDraft, joins_from: int, opens_at: int) -> None:
    """Opens at the planned time. Windows that were closed meanwhile stay closed, and the lottery gets
    another window."""
    schedule = draft.queue.schedule
    first = max(next_window(draft) + (joins_from < opens_at), schedule.first_window)
    wanted = msgspec.structs.replace(schedule, joins_from=joins_from, opens_at=opens_at, first_window=first)
    draft.change(schedule=wanted, config_version=draft.queue.config_version + 1)


def was_closed_long(draft: StepDraft) -> bool:
    """Whether the closing was moved long after it was over.

    Nobody could join in the windows between. They are too many to close one by one before new joins are
    drawn.
    """
    number = number_at(draft.queue.schedule, draft.now)
    missing = 0 if number is None else number - draft.queue.closed_through
    return draft.queue.state is QueueState.CLOSED and missing > CLOSED_LONG_WINDOWS


def cut_time_again(draft: StepDraft) -> None:
    """Continues the windows from now, after they stood still or were closed too early.

    After the closing one window is left, with everybody who joined meanwhile.
    """
    schedule = draft.queue.schedule
    first, start = next_window(draft), start_again_at(draft)
    if draft.queue.closed_through < schedule.first_window - 1:
        # The lottery keeps its window for itself, also when it could not be closed before.
        first = max(first, schedule.first_window, 2)
    draft.change(
        schedule=msgspec.structs.replace(schedule, joins_from=start, opens_at=start, first_window=first),
        config_version=draft.queue.config_version + 1,
    )


def next_window(draft: StepDraft) -> int:
    """The first window that neither the controller nor a gate has closed."""
    return max(draft.queue.closed_through, draft.input.gates_closed_through) + 1


def start_again_at(draft: StepDraft) -> int:
    return min(int(draft.now), draft.queue.schedule.closes_at - 1)
