"""Writes each change of the queue's state to the public log, with its cause."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.advancing import waits_for_draw
from meterai.waiting_room.control.inside_count import count_inside
from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.files.log_facts import StateFacts
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_control import cap_of, why_line
from meterai.waiting_room.rules.rate_model import LineCounts, RateStep
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.store.queues import Queue

_SIMPLE = {
    QueueState.DIRECT: StateCause.NOBODY_WAITS,
    QueueState.LOTTERY: StateCause.PLANNED,
    QueueState.OUT_OF_STOCK: StateCause.NO_STAMPS,
    QueueState.CLOSED: StateCause.PLANNED,
}


async def log_state(draft: StepDraft, before: Queue, step: RateStep, line: LineCounts) -> None:
    """Logs the state of this step if it or its cause has changed, and after each pause.

    When a line begins, the entry also says how many people may go on without a place. `before`: the queue
    before this step.
    """
    cause, inside = _cause(draft, before, step, line), await count_inside(draft, before)
    if draft.queue.memory.said == (step.state, cause) and draft.away_s == 0 and not inside:
        return
    draft.add_entry(StateFacts(state=step.state, cause=cause, value=inside, rate=round(step.rate)))
    draft.change(memory=msgspec.structs.replace(draft.queue.memory, said=(step.state, cause)))


def log_pause(draft: StepDraft, step: RateStep) -> None:
    """Logs that there was no step for a while, before everything else of this step."""
    if draft.away_s > 0:
        away, value = StateCause.CONTROLLER_AWAY, str(draft.away_s)
        facts = StateFacts(state=step.state, cause=away, value=value, rate=round(step.rate))
        draft.entries.insert(0, (int(draft.now), facts))


def _cause(draft: StepDraft, before: Queue, step: RateStep, line: LineCounts) -> StateCause:
    queue, state = draft.queue, step.state
    if (simple := _SIMPLE.get(state)) is not None:
        return simple
    if state is QueueState.OFF:
        return StateCause.PLANNED if queue.is_on else StateCause.OPERATOR
    if state is QueueState.HALTED:
        return StateCause.OPERATOR if queue.wishes.halted else StateCause.SITE_SILENT
    if before.enters_freely:
        return _why_began(draft, before, step, line)
    held = _what_holds(draft, step, line)
    changes_as_planned = before.state is not state and not before.state.is_held
    return StateCause.PLANNED if held is StateCause.CALLING and changes_as_planned else held


def _why_began(draft: StepDraft, before: Queue, step: RateStep, line: LineCounts) -> StateCause:
    """Why people have to wait from this step on."""
    queue = draft.queue
    if before.state is QueueState.OFF and not queue.always_in_line:
        said_by_operator = before.memory.said == (QueueState.OFF, StateCause.OPERATOR)
        return StateCause.OPERATOR if said_by_operator else StateCause.PLANNED
    why = why_line(step.memory, queue.policy, queue.wishes, line, draft.input.measured)
    return why or StateCause.PLANNED


def _what_holds(draft: StepDraft, step: RateStep, line: LineCounts) -> StateCause:
    """What holds people while the queue is open."""
    queue = draft.queue
    if cap_of(queue.policy, queue.wishes) <= 0:
        return StateCause.OPERATOR
    if not draft.input.measured.can_buy:
        return StateCause.CANNOT_BUY
    if waits_for_draw(draft, queue.frontier):
        return StateCause.DRAW_LATE
    if step.stamps_for <= 0:
        return StateCause.NO_STAMPS
    if step.calls > 0:
        return StateCause.CALLING
    return StateCause.DOOR_FULL if line.knocking > 0 else StateCause.SITE_FULL
