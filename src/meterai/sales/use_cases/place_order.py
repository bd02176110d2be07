"""Places an order: reserves its stamps and opens a payment."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from meterai.kernel.clock import Clock, business_date
from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.ledger import store as ledger
from meterai.ledger.model import lot_account_id
from meterai.sales import bookings
from meterai.sales.attempts import ask_for_charge, new_attempt, read_channel
from meterai.sales.model import OrderEvent, OrderState, PriceList, next_order_state, price_of
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel, PaymentGateway
from meterai.sales.store import orders, payments

RESERVATION_GRACE = timedelta(minutes=15)
"""The stamps stay reserved for so long after the payment's end: its status may come late."""


class PlacedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A placed order and its newest attempt to pay.

    The attempt may still be `creating` (the gateway's answer was lost: it is asked again by itself) or have
    `failed` (the customer chooses a channel once more).
    """

    order_id: uuid.UUID
    number: str
    state: OrderState
    total: int
    expires_at: datetime | None
    payment: Payment


async def place_order(
    db: Database,
    gateway: PaymentGateway,
    order_id: uuid.UUID,
    *,
    channel: Channel | str,
    price_list: PriceList,
    payment_minutes: int,
    clock: Clock,
) -> PlacedOrder:
    """Reserves the order's stamps, opens an attempt to pay, and asks the gateway for the charge.

    Placing an order again, from a second click or another tab, gives the same order and the same attempt.

    Raises: Refusal NOT_FOUND `order.not_found`; INVALID `payment.no_channel`;
    CONFLICT `order.empty`, `order.contact_missing`, `order.price_changed` (the draft has the new price now);
    GONE `order.expired`, `order.cancelled`; UNAVAILABLE `stock.out` (the order stays a draft).
    """
    channel = read_channel(channel)
    now = clock()
    async with db.transaction() as tx:
        order, face_value = await orders.lock_order_and_tariff(tx, order_id, business_date(now))
        refuse_ended(order)
        if order.state is not OrderState.DRAFT:
            return placed(order, order.payments[-1])
        refuse_unready(order)
        repriced = await _reprice(tx, order, face_value, price_list)
        if not repriced:
            expires_at = now + timedelta(minutes=payment_minutes)
            payment = new_attempt(order, channel, gateway.name, now=now, expires_at=expires_at)
            await _reserve(tx, order, payment, now)
    if repriced:
        raise Refusal(Kind.CONFLICT, "order.price_changed")
    payment = await ask_for_charge(db, gateway, order.number, payment, clock=clock)
    order = msgspec.structs.replace(
        order, state=next_order_state(order.state, OrderEvent.PLACE), expires_at=payment.expires_at
    )
    return placed(order, payment)


def refuse_ended(order: Order) -> None:
    """Raises: Refusal GONE `order.expired` or `order.cancelled` for an order that can't be paid any more."""
    if order.state in (OrderState.EXPIRED, OrderState.CANCELLED):
        raise Refusal(Kind.GONE, f"order.{order.state}")


def refuse_unready(order: Order) -> None:
    """Raises: Refusal CONFLICT `order.empty` or `order.contact_missing` for a draft that can't be placed."""
    if not order.items:
        raise Refusal(Kind.CONFLICT, "order.empty")
    if order.customer_id is None or order.contact is None:
        raise Refusal(Kind.CONFLICT, "order.contact_missing")


async def _reprice(tx: Connection, order: Order, face_value: int, price_list: PriceList) -> bool:
    """Whether the prices shown in the draft are not today's; then the draft gets today's."""
    price = price_of(order.quantity, face_value, price_list)
    today = (price.unit_face_value, price.unit_fee, price.unit_vat)
    if all((item.unit_face_value, item.unit_fee, item.unit_vat) == today for item in order.items):
        return False
    await orders.reprice(tx, order.id, price)
    return True


async def _reserve(tx: Connection, order: Order, payment: Payment, now: datetime) -> None:
    await payments.place(
        tx,
        order.id,
        payment,
        lots=[(item.id, lot_account_id(item.id)) for item in order.items],
    )
    try:
        held = bookings.reservations(order, payment.expires_at + RESERVATION_GRACE)
        await ledger.open_and_post(tx, bookings.lots_of(order), held, now)
    except Refusal as refusal:
        # No stock, or a seller whose books were never opened: the whole transaction is undone.
        if refusal.code in ("ledger.insufficient", "ledger.unknown"):
            raise Refusal(Kind.UNAVAILABLE, "stock.out") from refusal
        raise


def placed(order: Order, payment: Payment) -> PlacedOrder:
    """An order and the attempt that the customer pays."""
    return PlacedOrder(
        order_id=order.id,
        number=order.number,
        state=order.state,
        total=order.total,
        expires_at=order.expires_at,
        payment=payment,
    )
