"""Moves the frontiers."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.drawing import REVEAL_AFTER_S
from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.control.window_closing import ended_at
from meterai.waiting_room.files.log_facts import (
    FrontierFacts,
)
from meterai.waiting_room.rules import frontier_moves
from meterai.waiting_room.rules.beacon_rounds import due_at
from meterai.waiting_room.rules.model import Frontier, Lane, QueueState
from meterai.waiting_room.rules.rate_history import OUTAGE_MIN_S, observed
from meterai.waiting_room.rules.rate_model import RateStep
from meterai.waiting_room.store import queues, window_rows

_WINDOWS = 200


async def move_frontiers(draft: StepDraft, step: RateStep) -> int:
    """Moves the frontiers. Returns the number of people called."""
    queue, called, elapsed_s = draft.queue, 0, draft.elapsed_s()
    frontier = queue.frontier
    if (step.calls > 0 and queue.joined > queue.called) or _has_passed_all(queue):
        people = step.calls / 60 * elapsed_s
        known = await window_rows.people_by_window(draft.tx, queue.number, frontier.window, limit=_WINDOWS)
        frontier, called, _ = frontier_moves.advance(frontier, known, people)
    rate = round(step.rate)
    if frontier != queue.frontier:
        draft.add_entry(_moved(Lane.NEW, frontier, draft.context.epoch, rate))
    keep_s = queue.policy.claim_minutes * 60
    trail = frontier_moves.trail_after_pause(step.memory.trail, draft.shut_s)
    if (
        step.state is not QueueState.CLOSED
    ):  # after that it keeps its place at the closing, which certificates need
        trail = frontier_moves.trail_with(trail, frontier, draft.now, keep_s=keep_s)
    late = max(queue.late, frontier_moves.frontier_then(trail, draft.now, ago_s=keep_s))
    if late != queue.late:
        draft.add_entry(_moved(Lane.RETURNER, late, draft.context.epoch, rate))
    past = observed(
        step.memory.past,
        0.0 if waits_for_draw(draft, frontier) else step.calls,
        is_contended=queue.joined > queue.called,
        now=draft.now,
        elapsed_s=elapsed_s,
    )
    late_then = (late.window, str(late.x))
    memory = msgspec.structs.replace(step.memory, trail=trail, late=late_then, past=past)
    moved_at = draft.now if draft.is_set_back() else max(queue.moved_at, draft.now)
    draft.change(frontier=frontier, memory=memory, moved_at=moved_at, called=queue.called + called)
    return called


def waits_for_draw(draft: StepDraft, frontier: Frontier) -> bool:
    """Whether everybody who is drawn is called, and the next draw is late.

    Then nobody can be called, whatever the site bears.
    """
    window = draft.queue.revealed_through + 1
    if not window <= min(frontier.window, draft.queue.closed_through):
        return False
    due = ended_at(draft.queue.schedule, window, draft.now) + REVEAL_AFTER_S
    source, number = draft.context.beacon, draft.queue.memory.beacon_rounds.get(str(window))
    if source is not None and number is not None:
        due = max(due, due_at(source.name, number))
    return draft.now - due > OUTAGE_MIN_S


def _has_passed_all(queue: queues.Queue) -> bool:
    """Whether the frontier stands behind all revealed people. Passing revealed empty windows calls nobody."""
    return queue.joined == queue.called and queue.frontier.window <= queue.revealed_through


def _moved(lane: Lane, frontier: Frontier, epoch: int, rate: int) -> FrontierFacts:
    return FrontierFacts(lane=lane, window=frontier.window, x=str(frontier.x), epoch=epoch, rate=rate)
