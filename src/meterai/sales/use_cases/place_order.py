"""Places an order: reserves its stamps and opens a payment."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec

from meterai.kernel.clock import Clock, business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.ledger import queries as ledger_queries
from meterai.ledger.model import SELLER, lot_account_id
from meterai.ledger.open_day import on_open_day
from meterai.sales.attempts import new_attempt, open_charge, read_channel, refuse_for_large
from meterai.sales.gateways import Gateways
from meterai.sales.model import UNPAID_PIECES_MAX, OrderState, OrderTransition, next_order_state
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel
from meterai.sales.prices import UnitPrice
from meterai.sales.store import drafts, orders, payments

RESERVATION_GRACE = timedelta(minutes=15)
"""How long the stamps stay reserved after the payment's end: its status may come late."""


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
    order: Order | None = None
    """As it stands now, when this very call placed it."""


@on_open_day
async def place_order(
    db: Database,
    gateways: Gateways,
    order_id: uuid.UUID,
    *,
    channel: Channel | str,
    payment_minutes: int,
    seen_total: int | None = None,
    clock: Clock,
) -> PlacedOrder:
    """Reserves the order's stamps, opens an attempt to pay, and asks a gateway for the charge.

    If that gateway can't be used, another healthy one that offers the channel is asked at once.

    Placing an order again, from a second click or another tab, gives the same order and the same attempt.
    `seen_total`: the sum that the customer agreed to, in rupiah; None: whatever the draft says.

    Raises, and the order stays a draft:

    - Refusal NOT_FOUND `order.not_found`; INVALID `payment.no_channel`, `payment.only_va`;
      GONE `order.expired`, `order.cancelled`.
    - CONFLICT `order.empty`, `order.contact_missing`, `order.price_changed` (the draft has the new price
      now, and it may be another than `seen_total`).
    - CONFLICT `order.needs_npwp`, `order.large_before` (a large order of this buyer is unpaid).
    - CONFLICT `order.unpaid_before` (the customer's unpaid orders would hold too much), `stock.out`,
      `stock.short` (fewer stamps are left than it needs), `stock.held` (unpaid quota holds too much).
    """
    channel = read_channel(channel, gateways)
    now = clock()
    expires_at = now + timedelta(minutes=payment_minutes)
    async with _stock_refusals(db, order_id), db.transaction() as tx:
        order, price = await orders.lock_order_and_price(tx, order_id, business_date(now))
        refuse_ended(order)
        if order.state is not OrderState.DRAFT:
            return placed(order, order.payments[-1])
        refuse_unready(order)
        refuse_for_large(order, channel)
        is_other = seen_total not in (None, order.total)
        if await _reprice(tx, order, price, now):
            is_other = True
        if not is_other:
            gateway = gateways.choose(channel, order.total)
            payment = new_attempt(order, channel, gateway.name, now=now, expires_at=expires_at)
            await payments.place(
                tx,
                order.id,
                payment,
                held_until=payment.expires_at + RESERVATION_GRACE,
                customer_max=UNPAID_PIECES_MAX,
            )
    if is_other:
        raise Refusal(Kind.CONFLICT, "order.price_changed")
    return await _charge(db, gateways, order, payment, clock=clock)


async def _charge(
    db: Database, gateways: Gateways, order: Order, payment: Payment, *, clock: Clock
) -> PlacedOrder:
    attempts = await open_charge(db, gateways, order, payment, clock=clock)
    order = msgspec.structs.replace(
        order,
        state=next_order_state(order.state, OrderTransition.PLACE),
        placed_at=payment.created_at,
        expires_at=payment.expires_at,
        items=tuple(
            msgspec.structs.replace(item, lot_account_id=lot_account_id(item.id)) for item in order.items
        ),
        payments=(*order.payments, *attempts),
    )
    return msgspec.structs.replace(placed(order, attempts[-1]), order=order)


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


async def _reprice(tx: Connection, order: Order, price: UnitPrice, now: datetime) -> bool:
    """Whether the prices shown in the draft are not today's; then the draft gets today's."""
    today = (price.face_value, price.fee, price.vat)
    if all((item.unit_face_value, item.unit_fee, item.unit_vat) == today for item in order.items):
        return False
    await drafts.reprice(tx, order.id, now)
    return True


@asynccontextmanager
async def _stock_refusals(db: Database, order_id: uuid.UUID) -> AsyncIterator[None]:
    """Turns the ledger's refusal into `stock.out` or `stock.short`. A seller without books has no stamps."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code not in ("ledger.insufficient", "ledger.unknown"):
            raise
        async with db.connection() as connection:
            needed = (await orders.read_order(connection, order_id)).quantity
            left = (await ledger_queries.stock(connection, SELLER)).available
        if 0 < left < needed:
            raise Refusal(Kind.CONFLICT, "stock.short", left=left) from refusal
        raise Refusal(Kind.CONFLICT, "stock.out") from refusal


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
