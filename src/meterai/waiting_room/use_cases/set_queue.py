"""Gives an event the queue that its configuration describes. Safe to repeat at every start."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meterai.kit.database import Connection, Database
from meterai.waiting_room.rules.model import Policy, Schedule
from meterai.waiting_room.rules.windows import first_number
from meterai.waiting_room.store import queues
from meterai.waiting_room.store.queues import Queue

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
        await set_queue_in(tx, event, schedule, policy, is_on=is_on, now=now)


async def set_queue_in(
    tx: Connection, event: str, schedule: Schedule | None, policy: Policy, *, is_on: bool, now: datetime
) -> None:
    """Does what `set_queue` does, in a transaction of the caller."""
    rules = rules_of(await queues.lock_queue(tx, event), schedule, policy, now=now)
    if rules is None:
        return
    if rules.version is None:
        await queues.add_queue(tx, event, rules.schedule, policy, is_on=is_on, now=now)
    else:
        await queues.set_rules(tx, event, rules.schedule, policy, version=rules.version)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue gets."""

    schedule: Schedule
    policy: Policy
    version: int | None
    """Of the changed rules; None: the queue is new."""


def rules_of(
    queue: Queue | None, schedule: Schedule | None, policy: Policy, *, now: datetime
) -> Rules | None:
    """The rules that `set_queue` gives a queue; None: nothing changes. `queue`: as it is now, if it is."""
    if queue is None:
        return None if schedule is None else Rules(schedule=schedule, policy=policy, version=None)
    next_window = queue.closed_through + 1
    wanted = changed(queue.schedule, schedule, now.timestamp(), next_window=next_window)
    if wanted == queue.schedule and policy == queue.policy:
        return None
    return Rules(schedule=wanted, policy=policy, version=queue.config_version + 1)


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
