"""Books a refund as paid and moves its item on. Called with the order locked."""

from __future__ import annotations

from datetime import datetime

from meterai.kit import outbox
from meterai.kit.database import Connection
from meterai.ledger import store as ledger
from meterai.sales import bookings
from meterai.sales.model import (
    ItemState,
    ItemTransition,
    RefundChannel,
    RefundState,
    RefundTransition,
    next_item_state,
    next_refund_state,
)
from meterai.sales.news import News, news_entry
from meterai.sales.order import Order, Refund
from meterai.sales.store import orders, refunds


async def book_paid(
    tx: Connection,
    order: Order,
    refund: Refund,
    now: datetime,
    *,
    reference: str,
    look_at: datetime | None = None,
) -> None:
    """Books a refund as paid, and its item as refunded with the last of its money; the customer is told.

    `reference`, `look_at`: see `refunds.set_paid`.
    """
    next_refund_state(refund.state, RefundTransition.PAY)
    by_gateway = refund.channel is RefundChannel.GATEWAY
    await refunds.set_paid(tx, refund.id, reference, now, look_at=look_at)
    await finish_item(tx, order, refund)
    await outbox.enqueue_many(tx, [news_entry(order.id, News.REFUND_PAID)], now)
    await ledger.post(tx, bookings.pay_refund(order, refund, by_gateway=by_gateway), now)


async def finish_item(tx: Connection, order: Order, paid: Refund) -> None:
    """Writes an item as refunded when `paid` was the last of its refunds that was open."""
    item = None if paid.item_id is None else order.item(paid.item_id)
    if item is None or item.state is not ItemState.REFUNDING:
        return
    others = [refund for refund in order.refunds if refund.item_id == item.id and refund.id != paid.id]
    if all(other.state is RefundState.PAID for other in others):
        await orders.set_item_state(tx, item.id, next_item_state(item.state, ItemTransition.REFUND_PAID))


async def reopen_item(tx: Connection, order: Order, returned: Refund) -> None:
    """Writes an item as being refunded again when `returned` came back to us."""
    item = None if returned.item_id is None else order.item(returned.item_id)
    if item is not None and item.state is ItemState.REFUNDED:
        await orders.set_item_state(tx, item.id, next_item_state(item.state, ItemTransition.REFUND_RETURNED))
