"""Stamps of an order that can be given back for money."""

from __future__ import annotations

import uuid

from meterai.kit.database import Connection
from meterai.ledger import queries as ledger
from meterai.sales.model import ItemState, PaymentState
from meterai.sales.order import Order


async def refundable(connection: Connection, order: Order) -> dict[uuid.UUID, int]:
    payment = order.credited_payment
    if payment is None or payment.state is not PaymentState.SETTLED:
        return {}
    return await unused_of_items(connection, order)


async def unused_of_items(connection: Connection, order: Order) -> dict[uuid.UUID, int]:
    """Pieces that the lots of an order's items still hold, by item; only where they may be given back."""
    lots = {
        item.lot_account_id: item.id
        for item in order.items
        if may_be_refunded(item.state) and item.lot_account_id
    }
    if not lots or order.customer_id is None:
        return {}
    unused = await ledger.unused_in(connection, list(lots), customer_id=order.customer_id)
    return {lots[lot]: pieces for lot, pieces in unused.items()}


def may_be_refunded(state: ItemState) -> bool:
    """Whether an item's state allows giving pieces back that its lot still holds.

    Of a stamped document that is a stamp bought and taken off again before the stamping.
    """
    return state in (ItemState.DONE, ItemState.REFUSED)
