"""Cancels an order that is not paid."""

from __future__ import annotations

import uuid

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.attempts import LOOK_AFTER_CLOSING
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState, OrderTransition, next_order_state
from meterai.sales.order import Order
from meterai.sales.ports import GatewayState
from meterai.sales.store import orders
from meterai.sales.use_cases.ask_to_settle import Settle


@on_open_day
async def cancel_order(
    db: Database, gateways: Gateways, order_id: uuid.UUID, *, settle: Settle, clock: Clock
) -> None:
    """Closes the charge at the gateway, then ends the order and frees its stamps. Safe to repeat.

    `settle`: books a payment that just came (`ask_to_settle`).

    Raises: Refusal NOT_FOUND `order.not_found`; CONFLICT `order.already_paid` (also when the payment came
    in this very moment: it is credited then); GONE `order.expired`;
    UNAVAILABLE `gateway.unavailable` (nothing has changed).
    """
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
    _refuse(order)
    payment = order.open_payment
    if payment is not None:
        status = await gateways.named(payment.gateway).expire(payment.reference)
        if status.state is GatewayState.SETTLED:
            await settle(payment.reference)
        elif status.state is GatewayState.PENDING:
            raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="not_closed")
    now = clock()
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        _refuse(order)
        if order.state is not OrderState.CANCELLED:
            # Another tab may have opened a new attempt meanwhile: polling closes its charge, and money
            # that comes for a cancelled order goes back.
            next_order_state(order.state, OrderTransition.CANCEL)
            await orders.cancel(tx, order.id, now, look_at=now + LOOK_AFTER_CLOSING)


def _refuse(order: Order) -> None:
    if order.state in (OrderState.PAID, OrderState.COMPLETED):
        raise Refusal(Kind.CONFLICT, "order.already_paid")
    if order.state is OrderState.EXPIRED:
        raise Refusal(Kind.GONE, "order.expired")
