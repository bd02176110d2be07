"""Records how the stamping of an order's document ended; completes the order with its last item."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from meterai.kernel.errors import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection, Database
from meterai.sales.model import (
    ENDED_ITEMS,
    ItemEvent,
    ItemState,
    OrderEvent,
    next_item_state,
    next_order_state,
)
from meterai.sales.news import News, news_entry
from meterai.sales.order import Item, Order
from meterai.sales.store import orders


async def record_item_stamped(db: Database, item_id: uuid.UUID, now: datetime) -> None:
    """The document is stamped and released. Safe to repeat.

    Raises: Refusal NOT_FOUND `order.no_such_item`: not an item of an order (a document stamped from quota).
    """
    async with db.transaction() as tx:
        order, item = await _lock(tx, item_id)
        if item.state is not ItemState.STAMPING:
            return
        state = next_item_state(item.state, ItemEvent.STAMP)
        await orders.set_item_state(tx, item_id, state, done_at=now)
        await _complete(tx, order, item, [News.COMPLETED], now)


async def record_item_refused(db: Database, item_id: uuid.UUID, code: str, now: datetime) -> None:
    """The document can't be stamped; its quota is free again, and the customer chooses what to do with it.

    Safe to repeat. Raises: what `record_item_stamped` says.
    """
    async with db.transaction() as tx:
        order, item = await _lock(tx, item_id)
        if item.state is not ItemState.STAMPING:
            return
        state = next_item_state(item.state, ItemEvent.REFUSE)
        await orders.set_item_state(tx, item_id, state, refusal_code=code)
        await outbox.enqueue_many(tx, [news_entry(order.id, News.DOCUMENT_REFUSED)], now)
        await _complete(tx, order, item, [], now)


async def _lock(tx: Connection, item_id: uuid.UUID) -> tuple[Order, Item]:
    try:
        order = await orders.lock_order_of_item(tx, item_id)
    except Refusal:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item") from None
    item = order.item(item_id)
    assert item is not None
    return order, item


async def _complete(tx: Connection, order: Order, ended: Item, news: Sequence[News], now: datetime) -> None:
    """Completes the order when every other item has ended too."""
    if any(item.state not in ENDED_ITEMS for item in order.items if item.id != ended.id):
        return
    await orders.set_state(tx, order.id, next_order_state(order.state, OrderEvent.COMPLETE), now)
    await outbox.enqueue_many(tx, [news_entry(order.id, one) for one in news], now)
