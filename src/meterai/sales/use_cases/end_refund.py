"""An officer's decision about a refund whose money went out in another way, or may have."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.sales.model import (
    IN_DOUBT,
    PAYOUT_MISSING,
    PAYOUT_UNAPPROVED,
    PAYOUT_UNCOVERED,
    PAYOUT_UNSURE,
    RefundTransition,
    next_refund_state,
    refund_key,
)
from meterai.sales.news import News, news_entry
from meterai.sales.order import Order, Refund
from meterai.sales.store import orders, refunds


class DecidedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund after the officer's decision."""

    number: str
    """Of its order."""
    amount: int
    goes_out: bool = False
    """A payout of it is ordered now."""


async def end_refund(
    db: Database, refund_id: uuid.UUID, *, reason: str, actor: str, now: datetime
) -> DecidedRefund:
    """Books a refund in doubt as paid, however its money went out. No money moves.

    Raises: Refusal NOT_FOUND `refund.unknown`; CONFLICT `refund.not_in_doubt`: nobody needs to end it;
    `refund.unapproved`: somebody approves or rejects it at the provider.
    """
    async with db.transaction() as tx:
        order, refund = await _lock_in_doubt(tx, refund_id)
        key = refund_key(refund.id, refund.channel, refund.round)
        next_refund_state(refund.state, RefundTransition.PAY)
        await outbox.enqueue_many(tx, [news_entry(order.id, News.REFUND_PAID)], now)
        await refunds.end(tx, refund.id, key, now)
        facts = {"order": order.number, "amount": refund.amount, "reason": reason}
        await write_audit(tx, actor=actor, action="refund.end", subject=str(refund.id), facts=facts, now=now)
    return DecidedRefund(number=order.number, amount=refund.amount)


async def order_payout_again(
    db: Database, refund_id: uuid.UUID, *, reason: str, actor: str, now: datetime
) -> DecidedRefund:
    """Orders a payout again under a new id, after somebody has seen that the provider never had it.

    If the bank took the payment back meanwhile, the refund is set off against it instead.

    Raises: what `end_refund` does; Refusal CONFLICT `refund.not_unsure`: it was paid under the same id, in
    another way; `refund.uncovered`: the gateway does not say that it has the payment.
    """
    async with db.transaction() as tx:
        order, refund = await _lock_in_doubt(tx, refund_id)
        if refund.failure_code == PAYOUT_UNCOVERED:
            raise Refusal(Kind.CONFLICT, "refund.uncovered")
        if refund.failure_code not in (PAYOUT_UNSURE, PAYOUT_MISSING):
            raise Refusal(Kind.CONFLICT, "refund.not_unsure")
        next_refund_state(refund.state, RefundTransition.GO_AGAIN)
        goes_out = await refunds.order_again(tx, refund.id, now)
        facts = {"order": order.number, "amount": refund.amount, "reason": reason}
        await write_audit(
            tx, actor=actor, action="refund.again", subject=str(refund.id), facts=facts, now=now
        )
    return DecidedRefund(number=order.number, amount=refund.amount, goes_out=goes_out)


async def _lock_in_doubt(tx: Connection, refund_id: uuid.UUID) -> tuple[Order, Refund]:
    order_id = await refunds.order_of(tx, refund_id)
    if order_id is None:
        raise Refusal(Kind.NOT_FOUND, "refund.unknown")
    order = await orders.lock_order(tx, order_id)
    refund = order.refund(refund_id)
    assert refund is not None
    if refund.failure_code not in IN_DOUBT:
        raise Refusal(Kind.CONFLICT, "refund.not_in_doubt")
    if refund.failure_code == PAYOUT_UNAPPROVED:
        raise Refusal(Kind.CONFLICT, "refund.unapproved")
    return order, refund
