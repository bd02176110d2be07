"""What money that came for an order is for, and what follows: a sale, work, or money owed back."""

from __future__ import annotations

import uuid

from meterai.customers.probe import ProbeReach
from meterai.kernel.ids import derived_id
from meterai.sales.model import Flow, OrderState, PaymentOutcome, RefundChannel, refund_channel
from meterai.sales.news import Entry, News, news_entry, refund_entry
from meterai.sales.order import Order, Payment

STAMP_TOPIC = "sales.stamp_item_paid"
"""Outbox topic: {item_id, order_id, document_id, lot_account_id, customer_id, request_key}."""


def outcome_of(order: Order, payment: Payment, paid_amount: int) -> PaymentOutcome:
    """What money that came is for. An expired order is credited only if stock is left.

    An order of the probe that is never paid buys nothing: its secret must not open a way past the line.
    """
    if paid_amount != payment.amount:
        return PaymentOutcome.REFUNDED_AMOUNT
    if order.state in (OrderState.PAID, OrderState.COMPLETED):
        return PaymentOutcome.REFUNDED_DOUBLE
    if order.state is OrderState.CANCELLED or order.probe is ProbeReach.UNPAID:
        return PaymentOutcome.REFUNDED_LATE
    return PaymentOutcome.CREDITED


def work_after_payment(order: Order, payment: Payment) -> list[Entry]:
    """What must happen next: every document is stamped, and the customer is told when there is none.

    Otherwise the message that everything is stamped says it too: see `send_news.note_paid_news`.
    """
    stamping = [
        stamping_entry(order, item.id, item.document_id, key=f"{item.id}-{payment.id}")
        for item in order.items
        if item.kind is Flow.STAMP and item.document_id is not None
    ]
    return stamping or [news_entry(order.id, News.PAID)]


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


def owed_back(payment_id: uuid.UUID) -> uuid.UUID:
    """The refund of money that bought nothing: `sales.owe_back` makes the same id."""
    return derived_id("refund", payment_id)


def news_of_owed(order: Order, payment: Payment) -> Entry:
    """The outbox row that tells a payer that their money goes back, or that it needs an account for that."""
    by_gateway = refund_channel(payment.channel) is RefundChannel.GATEWAY
    news = News.MONEY_RETURNS if by_gateway else News.NEEDS_ACCOUNT
    return refund_entry(order.id, owed_back(payment.id), news)
