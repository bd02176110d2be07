"""What happened to an order, the oldest first: read from its rows, stored nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from meterai.sales.model import Flow, OrderState, PaymentOutcome, RefundReason
from meterai.sales.order import Order, Payment, Refund


class TimelineKind(StrEnum):
    """One kind of entry; the page has a sentence for each."""

    OPENED = "opened"
    PLACED = "placed"
    PAID = "paid"
    PAID_LATE = "paid_late"
    PAID_WRONG_AMOUNT = "paid_wrong_amount"
    PAID_DOUBLE = "paid_double"
    REVERSED = "reversed"
    STAMPED = "stamped"
    CREDITED = "credited"
    REFUND_BOOKED = "refund_booked"
    REFUND_PAID = "refund_paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `amount` in rupiah where money moved; `pieces` where stamps did."""

    at: datetime
    kind: TimelineKind
    amount: int | None = None
    pieces: int | None = None


_PAID = {
    PaymentOutcome.CREDITED: TimelineKind.PAID,
    PaymentOutcome.REFUNDED_LATE: TimelineKind.PAID_LATE,
    PaymentOutcome.REFUNDED_AMOUNT: TimelineKind.PAID_WRONG_AMOUNT,
    PaymentOutcome.REFUNDED_DOUBLE: TimelineKind.PAID_DOUBLE,
}
_CLOSED = {
    OrderState.EXPIRED: TimelineKind.EXPIRED,
    OrderState.CANCELLED: TimelineKind.CANCELLED,
    OrderState.COMPLETED: TimelineKind.COMPLETED,
}


def timeline_of(order: Order) -> tuple[TimelineEntry, ...]:
    """What happened to an order, the oldest first."""
    return tuple(sorted(_entries(order), key=lambda entry: entry.at))


def _entries(order: Order) -> Iterator[TimelineEntry]:
    yield TimelineEntry(at=order.created_at, kind=TimelineKind.OPENED)
    if order.placed_at:
        yield TimelineEntry(at=order.placed_at, kind=TimelineKind.PLACED, amount=order.total)
    for payment in order.payments:
        yield from _of_payment(payment)
    for item in order.items:
        if item.done_at:
            kind = TimelineKind.STAMPED if item.kind is Flow.STAMP else TimelineKind.CREDITED
            yield TimelineEntry(at=item.done_at, kind=kind, pieces=item.quantity)
    for refund in order.refunds:
        yield from _of_refund(refund)
    if order.closed_at and order.state in _CLOSED:
        yield TimelineEntry(at=order.closed_at, kind=_CLOSED[order.state])


def _of_payment(payment: Payment) -> Iterator[TimelineEntry]:
    if payment.settled_at and payment.outcome:
        kind = _PAID[payment.outcome]
        yield TimelineEntry(at=payment.settled_at, kind=kind, amount=payment.paid_amount)
    if payment.reversed_at:
        yield TimelineEntry(at=payment.reversed_at, kind=TimelineKind.REVERSED, amount=payment.paid_amount)


def _of_refund(refund: Refund) -> Iterator[TimelineEntry]:
    """False for a refund that was set off: we neither were asked for it nor paid it."""
    if refund.reason is RefundReason.REVERSED:
        return
    yield TimelineEntry(
        at=refund.created_at,
        kind=TimelineKind.REFUND_BOOKED,
        amount=refund.amount,
        pieces=refund.quantity or None,
    )
    if refund.paid_at and not refund.is_set_off:
        yield TimelineEntry(at=refund.paid_at, kind=TimelineKind.REFUND_PAID, amount=refund.amount)
