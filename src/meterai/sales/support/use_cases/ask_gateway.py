"""Lets the worker ask the gateway again about the payments of an order."""

from __future__ import annotations

from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.sales.support import store


async def refuse_to_ask(connection: Connection, number: str) -> store.OrderInHand:
    """Returns the order, or raises what `ask_gateway` raises. Changes nothing."""
    order = await store.order_in_hand(connection, number)
    if not order.attempts:
        raise Refusal(Kind.CONFLICT, "support.never_paid")
    return order


async def ask_gateway(db: Database, number: str, *, officer: str, reason: str, now: datetime) -> int:
    """Makes every attempt to pay an order due, so that a worker asks its gateway within seconds.

    Returns how many attempts there are. What the gateway answers is booked as after a notice. Safe to repeat.

    Raises: Refusal NOT_FOUND `support.no_order`; CONFLICT `support.never_paid`: nobody has begun to pay.
    """
    async with db.transaction() as tx:
        order = await refuse_to_ask(tx, number)
        asked = await store.ask_about_payments(tx, order.id, now)
        await write_audit(
            tx,
            actor=officer,
            action="order.ask_gateway",
            subject=order.number,
            facts={"attempts": asked, "reason": reason},
            now=now,
        )
    return asked
