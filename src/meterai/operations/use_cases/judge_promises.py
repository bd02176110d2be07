"""Judges the promises given to people in line by their orders, and measures how long people take.

The waiting room knows who was called and which order a pass was used for; sales knows when it was stamped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from meterai.kit.database import Database
from meterai.sales.queries.progress import OrderOutcome, order_outcomes
from meterai.waiting_room.files.promise_book import Outcome, is_kept
from meterai.waiting_room.rules.rate_history import done_after_of
from meterai.waiting_room.store.promises import (
    PromiseToJudge,
    count_promises,
    orders_lately,
    set_done_after,
    take_to_judge,
)
from meterai.waiting_room.store.queues import read_queues

ENOUGH_PEOPLE = 50
"""With fewer people the time that 95 of 100 need can't be estimated."""
LAST_PEOPLE = 100


async def judge_due_promises(db: Database, *, limit: int) -> int:
    """Judges up to `limit` promises that are due, each once. Returns their number."""
    async with db.transaction() as tx:
        due = await take_to_judge(tx, limit)
        orders = await order_outcomes(tx, [one.order_id for one in due if one.order_id is not None])
        judged: dict[int, list[bool]] = defaultdict(list)
        for one in due:
            kept = is_kept(one.done_by, outcome_of(one, orders))
            if kept is not None:
                judged[one.queue].append(kept)
        for queue, kept_ones in sorted(judged.items()):
            await count_promises(tx, queue, kept=sum(kept_ones), given=len(kept_ones))
    return len(due)


def outcome_of(one: PromiseToJudge, orders: Mapping[UUID, OrderOutcome]) -> Outcome:
    """The person's state when the promise was due, however late it is judged.

    One exception: a charge that the gateway opened later counts as opened.
    """
    order = orders.get(one.order_id) if one.order_id is not None else None
    if order is None:
        return Outcome(is_called=one.was_called)
    due = datetime.fromtimestamp(one.done_by, UTC)
    return Outcome(
        is_called=one.was_called,
        done_at=order.completed_at.timestamp() if order.completed_at and order.completed_at <= due else None,
        is_paid=order.paid_at is not None and order.paid_at <= due,
        cannot_pay=order.unopened_since is not None and order.unopened_since <= due,
    )


async def measure_done_after(db: Database, *, now: datetime) -> None:
    """Stores for each queue how long 95 of the last 100 people took from claim to stamped document."""
    async with db.connection() as connection:
        for queue in await read_queues(connection):
            used = await orders_lately(connection, queue.number, now=now)
            orders = await order_outcomes(connection, [order_id for order_id, _ in used])
            done = sorted(
                (at, (at - claimed_at).total_seconds())
                for order_id, claimed_at in used
                if order_id in orders and (at := orders[order_id].completed_at) is not None
            )
            if len(done) >= ENOUGH_PEOPLE:
                lasted = [seconds for _, seconds in done[-LAST_PEOPLE:]]
                await set_done_after(connection, queue.number, done_after_of(lasted))
