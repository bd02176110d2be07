"""Gives an event the queue that its configuration describes. Safe to repeat at every start."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kit.database import Database
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.windows import first_number
from meterai.waiting_room.store import queues

KNOWN_AFTER_S = 30
"""Seconds within which every gate knows a new schedule."""


async def set_queue(
    db: Database,
    event: str,
    schedule: Schedule | None,
    policy: Policy,
    *,
    is_on: bool,
    now: datetime,
) -> None:
    """Adds the queue, or takes over the changes that are still possible.

    - The policy, the last call and the closing may change at any time.
    - The start of joining and the opening may change only before the first person could join.
    - `schedule`: None when its closing is over. A queue that would close later then closes as soon as every
      gate
      knows it.
    - `is_on` counts for a new queue only.

    Changes are published and logged as a new version of the rules.

    Raises: Refusal NOT_FOUND `event.unknown`.
    """
    async with db.transaction() as tx:
        queue = await queues.lock_queue(tx, event)
        if queue is None:
            if schedule is not None:
                await queues.add_queue(tx, event, schedule, policy, is_on=is_on, now=now)
            return
        old, next_window = queue.schedule, queue.closed_through + 1
        wanted = changed(old, schedule, now.timestamp(), next_window=next_window)
        if wanted != queue.schedule or policy != queue.policy:
            await queues.set_rules(tx, event, wanted, policy, version=queue.config_version + 1)


def changed(old: Schedule, new: Schedule | None, now: float, *, next_window: int) -> Schedule:
    """The schedule that replaces a published one when another is wanted (None: its closing is over).

    `next_window`: the first window that is not closed.
    """
    known_at = int(now) + KNOWN_AFTER_S
    if new is None or new.closes_at <= min(old.closes_at, known_at):
        new = _closed(old, known_at)
    if now < old.joins_from:
        return _moved(old, new, now, next_window=next_window)
    closes_at = max(new.closes_at, old.opens_at + 1)  # people have joined: the opening stays
    return msgspec.structs.replace(old, closes_at=closes_at, last_call_at=_last_call(old, new, known_at))


def _closed(old: Schedule, known_at: int) -> Schedule:
    """The same schedule, closed as soon as every gate knows it. After a closing there are no tickets and
    no passes."""
    closes_at = min(old.closes_at, known_at)
    opens_at = min(old.opens_at, closes_at - 1)
    return msgspec.structs.replace(
        old,
        joins_from=min(old.joins_from, opens_at),
        opens_at=opens_at,
        closes_at=closes_at,
        last_call_at=None if old.last_call_at is None else min(old.last_call_at, closes_at),
    )


def _moved(old: Schedule, new: Schedule, now: float, *, next_window: int) -> Schedule:
    """The wanted schedule, while nobody could join yet. Past times are moved to when every gate knows them.

    A new lottery gets a window of its own. Without a lottery, window 0 counts as closed.
    """
    joins_from = new.joins_from if new.joins_from > now else min(int(now) + KNOWN_AFTER_S, old.joins_from)
    opens_at = max(new.opens_at, joins_from)
    next_window = max(next_window, first_number(old))
    first = max(new.first_window, next_window + (joins_from < opens_at))
    return msgspec.structs.replace(new, joins_from=joins_from, opens_at=opens_at, first_window=first)


def _last_call(old: Schedule, new: Schedule, known_at: int) -> int | None:
    """The last call. One at a past time moves to the next end of a window.

    A later cut of time would otherwise use numbers of windows again in which people joined. Their tickets
    would seem backdated.
    """
    wanted, before = new.last_call_at, old.last_call_at
    if wanted is None or wanted <= old.opens_at or wanted > known_at:
        return wanted
    if before is not None and old.opens_at < before <= known_at:
        return before
    windows = -(-(known_at - old.opens_at) // old.window_s)
    return min(old.opens_at + windows * old.window_s, new.closes_at)
