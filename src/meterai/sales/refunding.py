"""Books a refund as paid. Called with the order locked."""

from __future__ import annotations

from datetime import datetime

from meterai.kit import outbox
from meterai.kit.database import Connection
from meterai.sales.model import RefundTransition, next_refund_state
from meterai.sales.news import News, refund_entry
from meterai.sales.order import Order, Refund
from meterai.sales.store import refunds


async def book_paid(
    tx: Connection, order: Order, refund: Refund, now: datetime, *, reference: str, look_at: datetime | None
) -> None:
    """Books a refund as paid, and its item as refunded with the last of its money; the customer is told.

    `reference`, `look_at`: see `refunds.pay`.
    """
    next_refund_state(refund.state, RefundTransition.PAY)
    await outbox.enqueue_many(tx, [refund_entry(order.id, refund.id, News.REFUND_PAID)], now)
    await refunds.pay(tx, refund.id, reference, now, look_at=look_at)
