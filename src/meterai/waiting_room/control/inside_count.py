"""Counts the people who may buy without a place in line, because they had a form before the line began."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.site_load import count_begun_forms
from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.rules.bypasses import COUNTED_AGAIN_S, INSIDE_S, inside_bound
from meterai.waiting_room.rules.state_causes import StateCause
from meterai.waiting_room.store.queues import Queue


async def count_inside(draft: StepDraft, before: Queue) -> str:
    """The number for the public log, when a line begins, or when there are more seconds later; else empty."""
    queue, memory = draft.queue, draft.queue.memory
    if before.memory.said == ("", "") and before.sequence > 0:  # an older release took the step before
        memory = msgspec.structs.replace(memory, counts_from=draft.now + INSIDE_S)
    begins = _begins(before, queue)
    is_heard_again = before.memory.said[1] == StateCause.SITE_SILENT
    if begins or is_heard_again or draft.away_s > 0 or draft.is_set_back():
        memory = msgspec.structs.replace(memory, counted_again_until=draft.now + COUNTED_AGAIN_S)
    draft.change(memory=memory)
    is_due = not queue.enters_freely and draft.now <= memory.counted_again_until
    if not is_due or draft.now < memory.counts_from:
        return ""
    bound = inside_bound(await count_begun_forms(draft.tx, queue.event))
    if not begins and bound <= memory.inside:
        return ""
    draft.change(memory=msgspec.structs.replace(memory, inside=bound))
    return str(bound)


def _begins(before: Queue, now: Queue) -> bool:
    """Whether people have to wait from this step on, or the general shop is not open to all any more."""
    return (before.enters_freely and not now.enters_freely) or (not before.has_line and now.has_line)
