"""Lets the worker try again at once what the documents of an order wait for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.sales.model import OrderState
from meterai.sales.support.store import OrderInHand, order_in_hand

STATE: Final = OrderState.PAID
"""Only the documents of such an order are tried again."""


async def refuse_to_retry(connection: Connection, number: str) -> OrderInHand:
    """Returns the order, or raises what can be known before `retry_stamping`. Changes nothing."""
    order = await order_in_hand(connection, number)
    if order.state is not STATE:
        raise Refusal(Kind.CONFLICT, "support.nothing_waits")
    return order


async def retry_stamping(db: Database, number: str, *, officer: str, reason: str, now: datetime) -> int:
    """Makes the stampings of a paid order due that were put off after an error. Returns how many.

    A worker goes on with the same serial numbers within a second. 0: a worker has them at this moment, or
    they are due already. Documents that can't be stamped are not tried: their owner replaces them or asks
    the money back.

    Raises: Refusal NOT_FOUND `support.no_order`; CONFLICT `support.nothing_waits`: the order is not paid, or
    all its documents have ended.
    """
    async with db.transaction() as tx:
        order = await refuse_to_retry(tx, number)
        tried: int = await tx.fetchval("SELECT operations.retry_stamping($1, $2)", order.id, now)
        await write_audit(
            tx,
            actor=officer,
            action="order.retry",
            subject=order.number,
            facts={"tried": tried, "reason": reason},
            now=now,
        )
    return tried
