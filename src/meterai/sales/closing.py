"""Ends an order that was placed and not paid: frees its stamps. Called by several use cases."""

from __future__ import annotations

from datetime import datetime

from meterai.kit.database import Connection
from meterai.ledger import store as ledger
from meterai.sales import bookings
from meterai.sales.attempts import LOOK_AFTER_CLOSING
from meterai.sales.model import OrderTransition, PaymentTransition, next_order_state, next_payment_state
from meterai.sales.order import Order
from meterai.sales.store import orders, payments


async def close_order(
    tx: Connection,
    order: Order,
    transition: OrderTransition,
    of_payment: PaymentTransition,
    now: datetime,
) -> None:
    """Writes a locked, placed order and its open attempt as ended, and voids the reservations.

    The attempt is still polled for three days: money may come late.
    """
    await orders.set_state(tx, order.id, next_order_state(order.state, transition), now)
    payment = order.open_payment
    if payment is not None:
        after = next_payment_state(payment.state, of_payment)
        await payments.close_attempt(tx, payment.reference, after, now + LOOK_AFTER_CLOSING)
    await ledger.post(tx, bookings.release(order), now)
