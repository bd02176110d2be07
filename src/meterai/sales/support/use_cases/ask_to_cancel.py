"""Asks the workers to cancel an order that is not paid, for an officer."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.sales.model import OrderState
from meterai.sales.support import store

STATE: Final = OrderState.AWAITING_PAYMENT
"""Only such an order is cancelled: a draft was never placed."""


async def refuse_to_cancel(connection: Connection, number: str) -> store.OrderInHand:
    """Returns the order, or raises what `ask_to_cancel` raises. Changes nothing."""
    order = await store.order_in_hand(connection, number)
    if order.state is not STATE:
        raise Refusal(Kind.CONFLICT, "support.not_unpaid")
    return order


async def ask_to_cancel(db: Database, number: str, *, officer: str, reason: str, now: datetime) -> None:
    """Asks for the cancellation. Within seconds a worker closes the charge and frees the stamps.

    If the money comes in this very moment, the order is paid and goes on. Safe to repeat.

    Raises: Refusal NOT_FOUND `support.no_order`; CONFLICT `support.not_unpaid`.
    """
    async with db.transaction() as tx:
        order = await refuse_to_cancel(tx, number)
        await store.ask_to_cancel(tx, order.id, now)
        facts = {"reason": reason}
        await write_audit(
            tx, actor=officer, action="order.cancel", subject=order.number, facts=facts, now=now
        )
