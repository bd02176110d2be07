"""Draws the places of a window: publishes its seed after everybody could read its list."""

from __future__ import annotations

import msgspec

from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import (
    RevealFacts,
)
from meterai.waiting_room.files.published_documents import Close, Reveal
from meterai.waiting_room.rules.draw import window_seed
from meterai.waiting_room.rules.step_times import CLOCK_RUNS_BACK_S
from meterai.waiting_room.store import window_rows

REVEAL_AFTER_S = 2
"""Seconds after a window's end. Late gates have published by then."""
_REVEALS = 200


async def reveal_windows(draft: StepDraft) -> None:
    """Publishes the seeds of windows whose roots everybody could read."""
    first = draft.queue.revealed_through + 1
    if first > min(draft.queue.closed_through, draft.input.published_through):
        return
    for window in await window_rows.closed_windows(draft.tx, draft.queue.number, first=first, limit=_REVEALS):
        since_s = draft.now - window.closed_at  # negative: the clock has been set right since
        late = -CLOCK_RUNS_BACK_S <= since_s < REVEAL_AFTER_S
        if late or window.number > draft.input.published_through or not await reveal(draft, window):
            return


async def reveal(draft: StepDraft, window: window_rows.ClosedWindow) -> bool:
    source, rounds = draft.context.beacon, dict(draft.queue.memory.beacon_rounds)
    number = rounds.pop(str(window.number), None)
    beacon = "" if source is None or number is None else source.value(number)
    if beacon is None:
        return False
    draft.change(memory=msgspec.structs.replace(draft.queue.memory, beacon_rounds=rounds))
    link = draft.context.chain.link(window.number)
    root = bytes.fromhex(published_documents.decode(window.document, Close).root)
    seed = window_seed(link, root, beacon_value(beacon))
    facts = RevealFacts(window=window.number, link=link.hex(), beacon=beacon, seed=seed.hex())
    document = Reveal(
        event=draft.queue.event, window=window.number, link=facts.link, beacon=beacon, seed=facts.seed
    )
    raw = published_documents.sign(document, draft.context.keys.controller)
    await window_rows.add_reveal(draft.tx, draft.queue.number, window.number, raw)
    draft.add_entry(facts)
    draft.change(revealed_through=window.number)
    return True


def beacon_value(beacon: str) -> bytes:
    """What goes into the seed of `round:hex`; empty without a beacon."""
    return bytes.fromhex(beacon.partition(":")[2])
