"""Lets a customer pay in another way, or once more after an attempt that failed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.attempts import (
    LOOK_AFTER_CLOSING,
    LOOK_AFTER_TROUBLE,
    new_attempt,
    open_charge,
    read_channel,
    refuse_for_large,
)
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState, PaymentState
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel, GatewayState, PaymentGateway
from meterai.sales.store import orders, payments
from meterai.sales.use_cases.ask_to_settle import Settle
from meterai.sales.use_cases.place_order import RESERVATION_GRACE, PlacedOrder, placed, refuse_ended

log = structlog.get_logger(__name__)
LEAST_TIME = timedelta(seconds=60)
EXTENSION = timedelta(minutes=10)
assert EXTENSION < RESERVATION_GRACE
ATTEMPTS_MAX = 20


async def change_channel(
    db: Database,
    gateways: Gateways,
    order_id: uuid.UUID,
    *,
    channel: Channel | str,
    payment_minutes: int,
    settle: Settle,
    clock: Clock,
) -> PlacedOrder:
    """Closes the open attempt at its gateway and opens one over `channel`.

    This extends the time to pay by at most `EXTENSION`, while the stamps are still reserved. An open attempt
    over that channel is kept, unless its gateway never opened it and another one is to be had.

    The old charge is closed first. If it was just paid, `settle` books it (`ask_to_settle`) and nothing new
    is opened. If another amount was paid, that money goes back, and the order still waits.

    If its gateway does not close it, the new attempt is opened at another healthy gateway. The poller closes
    the old charge as soon as its gateway answers; a second payment goes back by itself.

    Raises: Refusal NOT_FOUND `order.not_found`; INVALID `payment.no_channel`, `payment.only_va`;
    CONFLICT `order.not_placed`, `order.already_paid`, `order.expires_soon` (under a minute left),
    `payment.too_many_attempts`;
    GONE `order.expired`, `order.cancelled`; UNAVAILABLE `gateway.unavailable` (the old attempt stays, and no
    other gateway can take the new one).
    """
    channel = read_channel(channel, gateways)
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
    _refuse(order, clock())
    refuse_for_large(order, channel)
    old = order.open_payment
    gateway = gateways.choose(channel, order.total)
    if old is not None and old.channel is channel and not _is_stuck(old, gateway):
        return placed(order, old)
    look_after = LOOK_AFTER_CLOSING
    if old is not None and not await _close(gateways, old, settle):
        gateway, look_after = _elsewhere(gateways, old, channel), LOOK_AFTER_TROUBLE
    now = clock()
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        _refuse(order, now)
        open_now = order.open_payment
        if open_now is not None and (old is None or open_now.id != old.id):
            return placed(order, open_now)  # another tab opened it
        expires_at = _end(order, now, timedelta(minutes=payment_minutes))
        payment = new_attempt(order, channel, gateway.name, now=now, expires_at=expires_at)
        await payments.add_attempt(tx, order.id, payment, look_at=now + look_after)
    attempts = await open_charge(db, gateways, order, payment, clock=clock)
    return placed(order, attempts[-1])


def _is_stuck(old: Payment, chosen: PaymentGateway) -> bool:
    """Whether an attempt shows nothing to pay with, and another gateway would be chosen now."""
    return old.state is PaymentState.CREATING and old.gateway != chosen.name


async def _close(gateways: Gateways, old: Payment, settle: Settle) -> bool:
    """Closes a charge at its gateway; False when it may still take money."""
    try:
        status = await gateways.named(old.gateway).expire(old.reference)
    except Refusal as refusal:
        if refusal.kind is not Kind.UNAVAILABLE:
            raise
        log.warning("charge_not_closed", reference=old.reference, code=refusal.code, **refusal.facts)
        return False
    if status.state is GatewayState.SETTLED:
        await settle(old.reference)
    return status.state is not GatewayState.PENDING


def _elsewhere(gateways: Gateways, old: Payment, channel: Channel) -> PaymentGateway:
    other = gateways.another(channel, old.amount, but=frozenset({old.gateway}))
    if other is None:
        raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="not_closed")
    return other


def _refuse(order: Order, now: datetime) -> None:
    refuse_ended(order)
    if order.state is OrderState.DRAFT:
        raise Refusal(Kind.CONFLICT, "order.not_placed")
    if order.state is not OrderState.AWAITING_PAYMENT:
        raise Refusal(Kind.CONFLICT, "order.already_paid")
    assert order.expires_at is not None
    if order.expires_at <= now:
        raise Refusal(Kind.GONE, "order.expired")
    if order.expires_at - now < LEAST_TIME:
        raise Refusal(Kind.CONFLICT, "order.expires_soon")
    if len(order.payments) >= ATTEMPTS_MAX:
        raise Refusal(Kind.CONFLICT, "payment.too_many_attempts")


def _end(order: Order, now: datetime, life: timedelta) -> datetime:
    """Until when the new attempt can be paid: never shorter than the order, never past its reservation."""
    assert order.expires_at is not None
    assert order.placed_at is not None
    return max(order.expires_at, min(now + life, order.placed_at + life + EXTENSION))
