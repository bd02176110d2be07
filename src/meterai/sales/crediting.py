"""What money that came for an order is for, and what follows: a sale, work, or money owed back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection
from meterai.ledger import store as ledger
from meterai.ledger.model import Transfer
from meterai.sales import bookings
from meterai.sales.model import (
    Flow,
    ItemState,
    ItemTransition,
    OrderState,
    OrderTransition,
    PaymentOutcome,
    RefundChannel,
    RefundReason,
    next_item_state,
    next_order_state,
    refund_channel,
)
from meterai.sales.news import Entry, News, news_entry
from meterai.sales.order import Order, Payment
from meterai.sales.store import refunds

STAMP_TOPIC = "sales.stamp_item_paid"
"""Outbox topic: {item_id, order_id, document_id, lot_account_id, customer_id, request_key}."""


_REASONS = {
    PaymentOutcome.REFUNDED_LATE: RefundReason.LATE,
    PaymentOutcome.REFUNDED_AMOUNT: RefundReason.WRONG_AMOUNT,
    PaymentOutcome.REFUNDED_DOUBLE: RefundReason.DOUBLE,
}


def outcome_of(order: Order, payment: Payment, paid_amount: int) -> PaymentOutcome:
    """What money that came is for. An expired order is credited only if stock is left (`sell_late`)."""
    if paid_amount != payment.amount:
        return PaymentOutcome.REFUNDED_AMOUNT
    if order.state in (OrderState.PAID, OrderState.COMPLETED):
        return PaymentOutcome.REFUNDED_DOUBLE
    if order.state is OrderState.CANCELLED:
        return PaymentOutcome.REFUNDED_LATE
    return PaymentOutcome.CREDITED


async def sell_late(tx: Connection, order: Order, received: list[Transfer], now: datetime) -> bool:
    """Books a late payment as a sale from the stock that is left; False, and nothing booked, when none is."""
    try:
        async with tx.transaction():  # a savepoint: without stock the same transaction books a refund
            await ledger.post(tx, received + bookings.sale(order, late=True), now)
    except Refusal as refusal:
        if refusal.code != "ledger.insufficient":
            raise
        return False
    return True


def credited_states(order: Order) -> tuple[OrderState, Sequence[tuple[uuid.UUID, ItemState]]]:
    """The states of an order and of its items once it is credited."""
    items = [
        (
            item.id,
            next_item_state(item.state, ItemTransition.START if item.document_id else ItemTransition.CREDIT),
        )
        for item in order.items
    ]
    paid = next_order_state(order.state, OrderTransition.PAY)
    if any(state is ItemState.STAMPING for _, state in items):
        return paid, items
    return next_order_state(paid, OrderTransition.COMPLETE), items


def work_after_payment(order: Order, payment: Payment, after: OrderState) -> list[Entry]:
    """What must happen next: every document is stamped, and the customer is told when there is none.

    Otherwise the message that everything is stamped says it too: see `send_news.note_paid_news`.
    """
    stamping = [
        stamping_entry(order, item.id, item.document_id, key=f"{item.id}-{payment.id}")
        for item in order.items
        if item.kind is Flow.STAMP and item.document_id is not None
    ]
    return [*stamping, news_entry(order.id, News.PAID)] if after is OrderState.COMPLETED else stamping


def stamping_entry(order: Order, item_id: uuid.UUID, document_id: uuid.UUID, *, key: str) -> Entry:
    """The outbox row that starts the stamping of a paid document. `key`: the same key gives one job."""
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


async def owe_back(
    tx: Connection,
    order: Order,
    payment: Payment,
    outcome: PaymentOutcome,
    amount: int,
    received: list[Transfer],
    now: datetime,
) -> None:
    """Books money that bought nothing as owed to the payer, and tells the customer."""
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
