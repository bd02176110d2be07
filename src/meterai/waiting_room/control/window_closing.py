"""Closes windows that are over."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import (
    ChainFacts,
    CloseFacts,
    DeadGateFacts,
)
from meterai.waiting_room.files.window_files import close_document, digest
from meterai.waiting_room.rules.beacon_rounds import round_for
from meterai.waiting_room.rules.model import QueueState, Schedule
from meterai.waiting_room.rules.seeds import log_ahead
from meterai.waiting_room.rules.windows import end_of, number_at, window_of
from meterai.waiting_room.store import queues, window_rows


def ended_at(schedule: Schedule, window: int, now: float) -> float:
    """When a window that is over ended; never in the future."""
    return min(now, float(end_of(schedule, window)))


def over_through(schedule: Schedule, state: QueueState, now: float, *, gates_closed_through: int) -> int:
    """The last window that is over. While windows stand still: the last one that a gate has closed."""
    if state.stands_still and now >= schedule.opens_at:
        return gates_closed_through
    number = number_at(schedule, now)
    if number is not None:
        return number - 1
    if now < schedule.joins_from:
        return -1
    last = number_at(schedule, schedule.closes_at - 1)
    return -1 if last is None else last


def _starts_at(queue: queues.Queue, window: int) -> int:
    try:
        return window_of(queue.schedule, window).starts_at
    except ValueError:
        return queue.schedule.opens_at


def fix_round(draft: StepDraft, window: int) -> None:
    """Fixes the beacon round for a window's seed, together with the root and before the round is known."""
    source = draft.context.beacon
    number = round_for(source.name, int(draft.now)) if source else None
    if number is not None:
        rounds = {**draft.queue.memory.beacon_rounds, str(window): number}
        draft.change(memory=msgspec.structs.replace(draft.queue.memory, beacon_rounds=rounds))


def log_next_chain(draft: StepDraft) -> None:
    """Logs the commitment to the next chain of seeds before anybody can join in its first window."""
    chain, memory = draft.context.chain, draft.queue.memory
    through = draft.queue.closed_through + len(draft.input.gathered) + log_ahead(chain.length)
    while (first := memory.chains_logged * chain.length) <= through:
        number = memory.chains_logged
        commitment = chain.commitment_of(number).hex()
        draft.add_entry(ChainFacts(number=number, commitment=commitment, first_window=first))
        memory = msgspec.structs.replace(memory, chains_logged=number + 1)
    draft.change(memory=memory)


async def close_windows(draft: StepDraft) -> None:
    for found in draft.input.gathered:
        if found.window != draft.queue.closed_through + 1:
            continue  # gathered before another controller closed it
        ends_at = end_of(draft.queue.schedule, found.window)
        if ends_at > draft.now:
            break  # gathered by a clock that was set right since, or closed by a gate that is ahead
        close = close_document(draft.queue.event, found, _starts_at(draft.queue, found.window), ends_at)
        raw = published_documents.sign(close, draft.context.keys.controller)
        window = window_rows.ClosedWindow(found.window, found.people, float(ends_at), raw)
        await window_rows.add_closed(draft.tx, draft.queue.number, window, found.dead)
        draft.add_entry(
            CloseFacts(window=found.window, count=found.count, root=found.root.hex(), sha256=digest(raw))
        )
        for gate in found.dead:
            draft.add_entry(DeadGateFacts(window=found.window, gate=gate))
        fix_round(draft, found.window)
        draft.ids[found.window] = found.ids
        draft.change(closed_through=found.window, joined=draft.queue.joined + found.people)
