"""Lets a customer pay in another way, or once more after an attempt that failed."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.sales.attempts import (
    LOOK_AFTER_CLOSING,
    ask_for_charge,
    new_attempt,
    read_channel,
    refuse_for_large,
)
from meterai.sales.gateways import Gateways
from meterai.sales.model import OrderState
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel, GatewayState, PaymentGateway
from meterai.sales.store import orders, payments
from meterai.sales.use_cases.ask_to_settle import Settle
from meterai.sales.use_cases.place_order import RESERVATION_GRACE, PlacedOrder, placed, refuse_ended

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
    """Closes the open attempt at the gateway and opens one over `channel`.

    This extends the time to pay by at most `EXTENSION`, while the stamps are still reserved. An open attempt
    over that channel is kept.

    Nobody can pay twice: the old charge is closed first. If it was just paid, `settle` books it
    (`ask_to_settle`) and nothing new is opened. If another amount was paid, that money goes back, and the
    order still waits.

    Raises: Refusal NOT_FOUND `order.not_found`; INVALID `payment.no_channel`, `payment.only_va`;
    CONFLICT `order.not_placed`, `order.already_paid`, `order.expires_soon` (under a minute left),
    `payment.too_many_attempts`;
    GONE `order.expired`, `order.cancelled`; UNAVAILABLE `gateway.unavailable` (the old attempt stays).
    """
    channel = read_channel(channel, gateways)
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
    _refuse(order, clock())
    refuse_for_large(order, channel)
    old = order.open_payment
    if old is not None and old.channel is channel:
        return placed(order, old)
    if old is not None:
        await _close(gateways.named(old.gateway), old, settle)
    gateway = gateways.choose(channel, order.total)
    now = clock()
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        _refuse(order, now)
        payment, new = await _next(tx, order, old, channel, gateway.name, now, payment_minutes)
    if new:
        payment = await ask_for_charge(db, gateway, order.number, payment, clock=clock)
    return placed(order, payment)


async def _close(gateway: PaymentGateway, old: Payment, settle: Settle) -> None:
    status = await gateway.expire(old.reference)
    if status.state is GatewayState.SETTLED:
        await settle(old.reference)
    if status.state is GatewayState.PENDING:
        raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="not_closed")


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


async def _next(
    tx: Connection,
    order: Order,
    old: Payment | None,
    channel: Channel,
    gateway: str,
    now: datetime,
    minutes: int,
) -> tuple[Payment, bool]:
    """The attempt that stands afterwards, and whether it is new: another tab may have opened one."""
    open_now = order.open_payment
    if open_now is not None and (old is None or open_now.id != old.id):
        return open_now, False
    expires_at = _end(order, now, timedelta(minutes=minutes))
    payment = new_attempt(order, channel, gateway, now=now, expires_at=expires_at)
    await payments.add_attempt(tx, order.id, payment, look_at=now + LOOK_AFTER_CLOSING)
    return payment, True


def _end(order: Order, now: datetime, life: timedelta) -> datetime:
    """Until when the new attempt can be paid: never shorter than the order, never past its reservation."""
    assert order.expires_at is not None
    assert order.placed_at is not None
    return max(order.expires_at, min(now + life, order.placed_at + life + EXTENSION))
