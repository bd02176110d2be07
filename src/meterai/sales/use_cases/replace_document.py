"""Replaces a document that could not be stamped."""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection, Database
from meterai.ledger import queries as ledger
from meterai.sales.crediting import stamping_entry
from meterai.sales.model import ItemState as State
from meterai.sales.model import ItemTransition, OrderTransition, next_item_state, next_order_state
from meterai.sales.order import Item, Order
from meterai.sales.store import orders


async def replace_document(
    db: Database, item_id: uuid.UUID, document_id: uuid.UUID, *, now: datetime
) -> None:
    """Stamps `document_id` from the lot of a refused item. It needs as many stamps as were bought.

    Safe to repeat with the same document.

    Raises: Refusal NOT_FOUND `order.no_such_item`; CONFLICT `item.not_refused`, `item.document_used`,
    `item.quota_used` (its stamps were used or given back meanwhile).
    """
    try:
        async with db.transaction() as tx:
            order, item = await _find(tx, item_id)
            if item.document_id == document_id and item.state in (State.STAMPING, State.DONE):
                return
            await _refuse(tx, order, item)
            next_item_state(item.state, ItemTransition.REPLACE)
            next_order_state(order.state, OrderTransition.REPLACE)
            await orders.replace_document(tx, item_id, document_id, now)
            entry = stamping_entry(order, item_id, document_id, key=f"{item_id}-{document_id}")
            await outbox.enqueue_many(tx, [entry], now)
    except asyncpg.UniqueViolationError:
        raise Refusal(Kind.CONFLICT, "item.document_used") from None


async def _find(tx: Connection, item_id: uuid.UUID) -> tuple[Order, Item]:
    try:
        order = await orders.lock_order_of_item(tx, item_id)
    except Refusal:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item") from None
    item = order.item(item_id)
    assert item is not None
    return order, item


async def _refuse(tx: Connection, order: Order, item: Item) -> None:
    if item.state is not State.REFUSED:
        raise Refusal(Kind.CONFLICT, "item.not_refused")
    assert item.lot_account_id is not None
    assert order.customer_id is not None
    lot = await ledger.lot_of(tx, item.lot_account_id, customer_id=order.customer_id)
    if lot is None or lot.available < item.quantity:
        raise Refusal(Kind.CONFLICT, "item.quota_used")
