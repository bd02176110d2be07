"""Ends a refund of which money went out in another way, once an officer has seen to the rest of it."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.errors import Kind, Refusal
from meterai.kit.audit import write_audit
from meterai.kit.database import Database
from meterai.sales.model import IN_DOUBT, RefundState, refund_key
from meterai.sales.refunding import book_paid
from meterai.sales.store import orders, refunds


class EndedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is booked as paid."""

    number: str
    """Of its order."""
    amount: int


async def end_refund(
    db: Database, refund_id: uuid.UUID, *, reason: str, actor: str, now: datetime
) -> EndedRefund:
    """Books a refund in doubt as paid, by whatever ways its money went. No money moves by it.

    Raises: Refusal NOT_FOUND `refund.unknown`; CONFLICT `refund.not_in_doubt`: nobody needs to end it.
    """
    async with db.transaction() as tx:
        order_id = await refunds.order_of(tx, refund_id)
        if order_id is None:
            raise Refusal(Kind.NOT_FOUND, "refund.unknown")
        order = await orders.lock_order(tx, order_id)
        refund = order.refund(refund_id)
        assert refund is not None
        if refund.state is not RefundState.PAYABLE or refund.failure_code not in IN_DOUBT:
            raise Refusal(Kind.CONFLICT, "refund.not_in_doubt")
        key = refund_key(refund.id, refund.channel, refund.round)
        await book_paid(tx, order, refund, now, reference=key)
        facts = {"order": order.number, "amount": refund.amount, "reason": reason}
        await write_audit(tx, actor=actor, action="refund.end", subject=str(refund.id), facts=facts, now=now)
    return EndedRefund(number=order.number, amount=refund.amount)
