"""What a refund means for the item it is of. Called with the order locked."""

from __future__ import annotations

from meterai.kit.database import Connection
from meterai.sales.model import ItemEvent, ItemState, RefundState, next_item_state
from meterai.sales.order import Order, Refund
from meterai.sales.store import orders


async def finish_item(tx: Connection, order: Order, paid: Refund) -> None:
    """Writes an item as refunded when `paid` was the last of its refunds that was open."""
    item = None if paid.item_id is None else order.item(paid.item_id)
    if item is None or item.state is not ItemState.REFUNDING:
        return
    others = [refund for refund in order.refunds if refund.item_id == item.id and refund.id != paid.id]
    if all(other.state is RefundState.PAID for other in others):
        await orders.set_item_state(tx, item.id, next_item_state(item.state, ItemEvent.REFUND_PAID))


async def reopen_item(tx: Connection, order: Order, returned: Refund) -> None:
    """Writes an item as being refunded again when `returned` came back to us."""
    item = None if returned.item_id is None else order.item(returned.item_id)
    if item is not None and item.state is ItemState.REFUNDED:
        await orders.set_item_state(tx, item.id, next_item_state(item.state, ItemEvent.REFUND_RETURNED))
