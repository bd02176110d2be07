"""Finds out what became of a payment and books it: the one way by which money is believed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.ids import derived_id
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection, Database
from meterai.ledger import store as ledger
from meterai.ledger.model import Transfer
from meterai.sales import bookings
from meterai.sales.attempts import LOOK_AFTER_CLOSING
from meterai.sales.model import (
    OPEN_PAYMENTS,
    Flow,
    ItemEvent,
    ItemState,
    OrderEvent,
    OrderState,
    PaymentEvent,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundReason,
    gateway_cost,
    next_item_state,
    next_order_state,
    next_payment_state,
    refund_channel,
)
from meterai.sales.news import Entry, News, news_entry
from meterai.sales.order import Order, Payment
from meterai.sales.ports import GatewayState, GatewayStatus, PaymentGateway
from meterai.sales.reversing import take_back
from meterai.sales.store import orders, payments, refunds

log = structlog.get_logger(__name__)

STAMP_TOPIC = "sales.stamp_item_paid"
"""Outbox topic: {item_id, order_id, document_id, lot_account_id, customer_id, request_key}."""

_REASONS = {
    PaymentOutcome.REFUNDED_LATE: RefundReason.LATE,
    PaymentOutcome.REFUNDED_AMOUNT: RefundReason.WRONG_AMOUNT,
    PaymentOutcome.REFUNDED_DOUBLE: RefundReason.DOUBLE,
}
_CLOSED_BY = {
    GatewayState.EXPIRED: PaymentEvent.EXPIRE,
    GatewayState.CANCELLED: PaymentEvent.CANCEL,
    GatewayState.DENIED: PaymentEvent.FAIL,
    GatewayState.REFUNDED: PaymentEvent.CANCEL,  # came and went back before we ever saw it
}
_TAKEN_BACK = (GatewayState.DENIED, GatewayState.REVERSED)
_CAME = (GatewayState.SETTLED, GatewayState.PARTIALLY_REFUNDED, GatewayState.REFUNDED)


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a payment now."""

    order_id: uuid.UUID
    reference: str
    state: PaymentState
    outcome: PaymentOutcome | None
    """What the money was booked for; None when none has come."""
    new: bool
    """Whether this very call booked it."""
    paid_amount: int = 0
    """What was booked, in rupiah; 0: nothing."""
    left_at_gateway: int = 0
    """What the gateway says is there of it, less what it gave back; 0 also when less came than was booked."""


async def settle_payment(
    db: Database,
    gateway: PaymentGateway,
    reference: str,
    *,
    clock: Clock,
) -> Settlement:
    """Fetches the status of a payment from the gateway and books what it says, in one transaction.

    Notices, the poller, and every use case that closes a charge come here, perhaps at once: the order's lock
    and the ids of the transfers make it happen once. Money for an order that waits for it credits the order;
    for an expired one too, if stock is left. Money that is late, doubled or of another amount is owed back
    to the payer in the same transaction. Of money that went back in part before we ever booked it, as a
    restore can have it, that is the rest.

    Raises: Refusal NOT_FOUND `payment.unknown`; UNAVAILABLE `gateway.unavailable`.
    """
    asked_at = clock()
    said = await gateway.get_status(reference)
    settlement = await _settle(db, gateway, _of_the_rest(said), asked_at=asked_at, now=clock())
    return msgspec.structs.replace(settlement, left_at_gateway=_left(said, settlement.paid_amount))


async def _settle(
    db: Database,
    gateway: PaymentGateway,
    status: GatewayStatus,
    *,
    asked_at: datetime,
    now: datetime,
) -> Settlement:
    reference = status.reference
    if status.state is GatewayState.SETTLED:
        async with db.transaction() as tx:
            return await _book(tx, reference, status, asked_at=asked_at, now=now)
    if status.state in _TAKEN_BACK or status.state in _CLOSED_BY:
        async with db.transaction() as tx:
            return await _end(tx, reference, status.state, asked_at=asked_at, now=now)
    return await _leave(db, gateway, status, asked_at=asked_at, now=now)


def _left(said: GatewayStatus, booked: int) -> int:
    return said.amount - said.refunded if said.state in _CAME and said.amount >= booked else 0


def _of_the_rest(status: GatewayStatus) -> GatewayStatus:
    """A payment of which a part went back, as one of what is left of it."""
    if status.state is not GatewayState.PARTIALLY_REFUNDED or status.refunded <= 0:
        return status
    left = status.amount - status.refunded
    if left <= 0:
        return msgspec.structs.replace(status, state=GatewayState.REFUNDED)
    return msgspec.structs.replace(status, state=GatewayState.SETTLED, amount=Rupiah(left))


async def _book(
    tx: Connection, reference: str, status: GatewayStatus, *, asked_at: datetime, now: datetime
) -> Settlement:
    order = await orders.lock_order_of_payment(tx, reference)
    payment = _payment(order, reference)
    if payment.state in (PaymentState.SETTLED, PaymentState.REVERSED):
        await payments.finish_notices(tx, reference, asked_at=asked_at, now=now)
        if payment.reversed_at is not None and asked_at > payment.reversed_at:  # it came again
            log.error("payment_status_unclear", reference=reference, state=status.state, booked=payment.state)
        return _told(order, payment)
    next_payment_state(payment.state, PaymentEvent.SETTLE)
    outcome = outcome_of(order, payment, status.amount)
    cost = gateway_cost(payment.channel, status.amount)
    received = bookings.receive_payment(order, payment, status.amount, cost)
    late = order.state is OrderState.EXPIRED
    if outcome is PaymentOutcome.CREDITED and late and not await _sell_late(tx, order, received, now):
        outcome = PaymentOutcome.REFUNDED_LATE
    after, items = _after(order) if outcome is PaymentOutcome.CREDITED else (order.state, [])
    await payments.settle(
        tx,
        order.id,
        payment.id,
        reference=reference,
        transaction_id=status.transaction_id,
        paid_amount=status.amount,
        outcome=outcome,
        gateway_cost=cost,
        order_state=after,
        item_states=items,
        asked_at=asked_at,
        now=now,
    )
    if outcome is PaymentOutcome.CREDITED:
        await outbox.enqueue_many(tx, _work(order, payment, after), now)
        if not late:
            await ledger.post(tx, received + bookings.sale(order, late=False), now)
    else:
        log.warning("payment_goes_back", reference=reference, outcome=outcome)
        await _owe(tx, order, payment, outcome, status.amount, received, now)
    settled = msgspec.structs.replace(payment, state=PaymentState.SETTLED, outcome=outcome)
    return _told(order, settled, new=True)


def outcome_of(order: Order, payment: Payment, paid_amount: int) -> PaymentOutcome:
    """What money that came is for. An expired order is credited only if stock is left: `_sell_late` sees."""
    if paid_amount != payment.amount:
        return PaymentOutcome.REFUNDED_AMOUNT
    if order.state in (OrderState.PAID, OrderState.COMPLETED):
        return PaymentOutcome.REFUNDED_DOUBLE
    if order.state is OrderState.CANCELLED:
        return PaymentOutcome.REFUNDED_LATE
    return PaymentOutcome.CREDITED


async def _sell_late(tx: Connection, order: Order, received: list[Transfer], now: datetime) -> bool:
    """Books a late payment as a sale from the stock that is left; False, and nothing booked, when none is."""
    try:
        async with tx.transaction():  # a savepoint: without stock the same transaction books a refund
            await ledger.post(tx, received + bookings.sale(order, late=True), now)
    except Refusal as refusal:
        if refusal.code != "ledger.insufficient":
            raise
        return False
    return True


def _after(order: Order) -> tuple[OrderState, Sequence[tuple[uuid.UUID, ItemState]]]:
    """The states of an order and of its items once it is credited."""
    items = [
        (item.id, next_item_state(item.state, ItemEvent.START if item.document_id else ItemEvent.CREDIT))
        for item in order.items
    ]
    paid = next_order_state(order.state, OrderEvent.PAY)
    if any(state is ItemState.STAMPING for _, state in items):
        return paid, items
    return next_order_state(paid, OrderEvent.COMPLETE), items


def _work(order: Order, payment: Payment, after: OrderState) -> list[Entry]:
    """What must happen next: every document is stamped, and the customer is told when there is none.

    That everything is stamped already is the better news: see `tell_customer.note_paid_news`.
    """
    stamping = [
        stamping_entry(order, item.id, item.document_id, key=f"{item.id}-{payment.id}")
        for item in order.items
        if item.kind is Flow.STAMP and item.document_id is not None
    ]
    return [*stamping, news_entry(order.id, News.PAID)] if after is OrderState.COMPLETED else stamping


def stamping_entry(order: Order, item_id: uuid.UUID, document_id: uuid.UUID, *, key: str) -> Entry:
    """The outbox row that has a paid document stamped. `key` makes handling it twice one job."""
    item = order.item(item_id)
    assert item is not None
    return STAMP_TOPIC, {
        "item_id": item_id,
        "order_id": order.id,
        "document_id": document_id,
        "lot_account_id": item.lot_account_id,
        "customer_id": order.customer_id,
        "request_key": key,
    }


async def _owe(
    tx: Connection,
    order: Order,
    payment: Payment,
    outcome: PaymentOutcome,
    amount: int,
    received: list[Transfer],
    now: datetime,
) -> None:
    """Owes the payer money that bought nothing, from this moment on."""
    channel = refund_channel(payment.channel)
    await refunds.add_refund(
        tx,
        derived_id("refund", payment.id),
        order.id,
        payment_id=payment.id,
        item_id=None,
        quantity=0,
        amount=amount,
        reason=_REASONS[outcome],
        channel=channel,
        account=None,
        now=now,
    )
    news = News.MONEY_RETURNS if channel is RefundChannel.GATEWAY else News.NEEDS_ACCOUNT
    await outbox.enqueue_many(tx, [news_entry(order.id, news)], now)
    await ledger.post(tx, received + bookings.owe_suspense(order, payment, amount), now)


async def _end(
    tx: Connection, reference: str, state: GatewayState, *, asked_at: datetime, now: datetime
) -> Settlement:
    """Books that a payment ended without money, or that its money was taken back."""
    order = await orders.lock_order_of_payment(tx, reference)
    payment = _payment(order, reference)
    await payments.finish_notices(tx, reference, asked_at=asked_at, now=now)
    if payment.state is PaymentState.SETTLED and state in _TAKEN_BACK:
        return await _reverse(tx, order, payment, now)
    if payment.state not in OPEN_PAYMENTS:
        return _told(order, payment)
    event = _CLOSED_BY.get(state, PaymentEvent.FAIL)
    after = next_payment_state(payment.state, event)
    await payments.close_attempt(tx, reference, after, now + LOOK_AFTER_CLOSING)
    return _told(order, msgspec.structs.replace(payment, state=after))


async def _reverse(tx: Connection, order: Order, payment: Payment, now: datetime) -> Settlement:
    """The money was taken back by the bank: so are the stamps that are still unused. Used ones stay good."""
    after = next_payment_state(payment.state, PaymentEvent.REVERSE)
    await payments.mark_reversed(tx, payment.id, now)
    await take_back(tx, order, payment, now)
    log.error("payment_reversed", reference=payment.reference, amount=payment.paid_amount)
    return _told(order, msgspec.structs.replace(payment, state=after), new=True)


async def _leave(
    db: Database, gateway: PaymentGateway, status: GatewayStatus, *, asked_at: datetime, now: datetime
) -> Settlement:
    """No money and no end. A charge that we closed and the gateway did not is closed there."""
    async with db.transaction() as tx:
        order = await orders.lock_order_of_payment(tx, status.reference)
        await payments.finish_notices(tx, status.reference, asked_at=asked_at, now=now)
    payment = _payment(order, status.reference)
    closed = payment.state in (PaymentState.EXPIRED, PaymentState.CANCELLED, PaymentState.FAILED)
    if closed and status.state is GatewayState.PENDING:
        await gateway.expire(status.reference)
    if status.state in (GatewayState.UNKNOWN, GatewayState.PARTIALLY_REFUNDED):
        log.error("payment_status_unclear", reference=status.reference, state=status.state)
    return _told(order, payment)


def _payment(order: Order, reference: str) -> Payment:
    payment = order.payment(reference)
    assert payment is not None
    return payment


def _told(order: Order, payment: Payment, *, new: bool = False) -> Settlement:
    return Settlement(
        order_id=order.id,
        reference=payment.reference,
        state=payment.state,
        outcome=payment.outcome,
        new=new,
        paid_amount=payment.paid_amount or 0,
    )
