"""One step of a queue: closes and draws windows and moves frontiers, in one transaction.

Nothing is published here. Decisions are in the database first. Therefore:

- The next controller can repair a crash at any point.
- The frontier never goes back.
- Two controllers never move it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from meterai.waiting_room.control.advancing import move_frontiers
from meterai.waiting_room.control.drawing import reveal_windows
from meterai.waiting_room.control.state_entries import log_pause, log_state
from meterai.waiting_room.control.step_draft import StepContext, StepDraft, StepInput
from meterai.waiting_room.control.step_records import (
    end_announcement,
    keep_opening,
    log_claims_and_sayings,
    log_config,
    note_due_promises,
    note_published,
)
from meterai.waiting_room.control.time_cuts import (
    closed_ahead_s,
    cut_time_again,
    is_shut_ahead,
    open_as_planned,
    plan_that_a_clock_overtook,
    plan_to_keep,
    was_closed_long,
    with_joins_since,
)
from meterai.waiting_room.control.window_closing import close_windows, log_next_chain
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    OperatorFacts,
)
from meterai.waiting_room.rules import rate_control
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.rate_model import LineCounts, RateStep
from meterai.waiting_room.store import claims as claim_store
from meterai.waiting_room.store import log_rows, pass_rows, queues

_WAS_AHEAD = "the controller's clock had been ahead; what it closed stays closed"


@dataclass(frozen=True, slots=True)
class StepDecision:
    """The state in the store after a step."""

    queue: queues.Queue
    step: RateStep
    waiting: int
    called: int
    config: bytes
    ids: dict[int, bytes] = field(default_factory=dict)
    """The lists of the windows that were closed, so that they need not be read again."""


async def decide_step(steering: StepContext, seen: StepInput) -> StepDecision:
    """Decides and writes one step. Raises: Superseded; asyncpg.PostgresError, OSError."""
    async with steering.db.transaction() as tx:
        queue = await queues.lock_fenced(tx, steering.event, steering.holder, steering.epoch)
        return await _complete(StepDraft(tx, steering, seen, queue))


async def _complete(draft: StepDraft) -> StepDecision:
    await keep_opening(draft)
    claimed = await log_claims_and_sayings(draft)
    await end_announcement(draft)
    await note_due_promises(draft)
    log_next_chain(draft)
    await close_windows(draft)
    await reveal_windows(draft)
    moment = datetime.fromtimestamp(draft.now, UTC)
    if draft.set_back_s() > 0:
        await claim_store.set_admission_right(draft.tx, draft.queue.number, draft.now)
    knocking = await claim_store.count_knocking(draft.tx, draft.queue.number, moment)
    is_full, before = await _is_admission_full(draft), draft.queue
    line = _count_line(draft, claimed, admission_is_full=is_full, knocking=knocking)
    step = _decide_rate(draft, line)
    called = await move_frontiers(draft, step)
    await log_state(draft, before, step, line)
    config = await log_config(draft)
    log_pause(draft, step)
    note_published(draft)
    await _write(draft, step)
    return StepDecision(draft.queue, step, line.waiting - called, called, config, draft.ids)


async def _is_admission_full(draft: StepDraft) -> bool:
    door, rate = await pass_rows.read_admission(draft.tx, draft.queue.number)
    return door.filled(rate, draft.queue.policy.returners_percent, draft.now).new < 1


def _count_line(draft: StepDraft, claimed: int, *, admission_is_full: bool, knocking: int) -> LineCounts:
    queue, seen = draft.queue, draft.input
    coming = sum(n for window, n in seen.open_joins.items() if window > queue.closed_through)
    waiting = queue.joined - queue.called + coming
    return LineCounts(waiting, seen.called, claimed, seen.ready_share, admission_is_full, knocking)


def _decide_rate(draft: StepDraft, line: LineCounts) -> RateStep:
    queue, seen = draft.queue, draft.input
    step = rate_control.step(
        rate_control.memory_set_right(queue.memory, draft.now) if draft.is_set_back() else queue.memory,
        schedule=queue.schedule,
        policy=queue.policy,
        wishes=queue.wishes,
        measured=seen.measured,
        line=line,
        now=draft.now,
        elapsed_s=draft.elapsed_s(),
    )
    if step.state is QueueState.CLOSED and queue.state is not QueueState.CLOSED:
        free = queue.enters_freely and not draft.is_pause(draft.shut_s)
        memory = msgspec.structs.replace(step.memory, closed_free=free)
        step = msgspec.structs.replace(step, memory=memory)
    ahead_s = 0 if step.state.stands_still else closed_ahead_s(draft)
    stood_still = queue.state.stands_still or was_closed_long(draft)
    goes_on = stood_still and not step.state.stands_still
    planned = plan_that_a_clock_overtook(draft)
    is_cut = ahead_s > 0 or is_shut_ahead(draft) or (goes_on and draft.now >= queue.schedule.opens_at)
    memory = step.memory
    if planned is not None:
        memory = msgspec.structs.replace(memory, planned=None, joins_since=0.0)
    elif is_cut and memory.joins_since == 0:
        memory = msgspec.structs.replace(memory, planned=plan_to_keep(draft))
    step = msgspec.structs.replace(step, memory=with_joins_since(draft, memory))
    draft.change(memory=step.memory, state=step.state)
    if planned is not None:
        open_as_planned(draft, *planned)
    elif is_cut:
        cut_time_again(draft)
    if (ahead_s := max(ahead_s, draft.set_back_s())) > 0:
        draft.add_entry(OperatorFacts(action=CLOCK_SET_RIGHT, value=str(ahead_s), reason=_WAS_AHEAD))
    return step


async def _write(draft: StepDraft, step: RateStep) -> None:
    queue = draft.queue
    if draft.entries:
        await log_rows.add_entries(draft.tx, queue.number, queue.log_size, draft.entries)
    draft.change(
        epoch=draft.context.epoch,
        sequence=queue.sequence + 1,
        log_size=queue.log_size + len(draft.entries),
    )
    await queues.save_queue(draft.tx, draft.queue, epoch=draft.context.epoch, rate=step.rate)
