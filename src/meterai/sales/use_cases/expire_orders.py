"""Ends orders whose time to pay is over."""

from __future__ import annotations

from datetime import timedelta

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.attempts import LOOK_AFTER_CLOSING
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState, OrderTransition, next_order_state
from meterai.sales.ports import GatewayState
from meterai.sales.store import orders
from meterai.sales.use_cases.change_channel import EXTENSION
from meterai.sales.use_cases.place_order import RESERVATION_GRACE
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=20)
PATIENCE = timedelta(minutes=4)
"""How long an overdue order waits for a gateway that does not answer."""
assert EXTENSION + PATIENCE < RESERVATION_GRACE


async def expire_due_orders(db: Database, gateways: Gateways, *, clock: Clock, limit: int = 50) -> int:
    """Ends up to `limit` overdue orders, one after the other; gives how many expired.

    The charge is closed at the gateway first. If it was paid meanwhile, the order is settled instead.

    While the gateway can't be reached, the order waits, but never longer than its reservation. A payment made
    in that time is late, and polling finds it. After a standstill of ours the gateway is asked twice.

    Raises: the first failure that is no refusal, after the last order.
    """
    asked_at = clock()
    async with db.transaction() as tx:
        due = await orders.claim_overdue(tx, asked_at, limit=limit, lease_until=asked_at + LEASE)

    async def one(order: orders.DueOrder) -> bool:
        patient = not order.asked_before or asked_at < order.expires_at + PATIENCE
        closed = await _closed(db, gateways, order, patient=patient, clock=clock)
        return closed and await _expire(db, order, clock)

    return sum(await gather_bounded(due, one, at_once=1))


async def _closed(
    db: Database, gateways: Gateways, order: orders.DueOrder, *, patient: bool, clock: Clock
) -> bool:
    """Closes the charge of an order; True when it takes no more money, or when waiting is over."""
    reference = order.reference
    if reference is None or order.gateway is None:
        return True
    try:
        gateway = gateways.named(order.gateway)
        status = await gateway.expire(reference)
        if status.state is GatewayState.SETTLED:
            await settle_payment(db, gateway, reference, clock=clock)
            return False
        closed = status.state is not GatewayState.PENDING
    except Refusal as refusal:
        log.warning("charge_not_closed", reference=reference, code=refusal.code, **refusal.facts)
        closed = refusal.kind is not Kind.UNAVAILABLE
    return closed or not patient


@on_open_day
async def _expire(db: Database, due: orders.DueOrder, clock: Clock) -> bool:
    now = clock()
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, due.id)
        if order.state is not OrderState.AWAITING_PAYMENT or order.expires_at != due.expires_at:
            return False  # paid, cancelled or given more time since we looked
        open_reference = order.open_payment.reference if order.open_payment else None
        if open_reference not in (None, due.reference):
            return False
        next_order_state(order.state, OrderTransition.EXPIRE)
        await orders.expire(tx, order.id, now, look_at=now + LOOK_AFTER_CLOSING)
    return True
