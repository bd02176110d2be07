"""Where the money of an order is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from meterai.kit.database import Connection, Database
from meterai.kit.formats.pasted_text import digits_of, seen
from meterai.sales.model import (
    IN_DOUBT,
    PAYOUT_UNAPPROVED,
    Flow,
    ItemState,
    OrderState,
    PaymentOutcome,
    PaymentState,
    RefundState,
)
from meterai.sales.order import Order
from meterai.sales.queries.order_access import read_order_number
from meterai.sales.queries.refundable import refundable
from meterai.sales.store import orders, payments


class MoneyPayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to pay, as anyone who knows the order's number may see it."""

    reference: str
    channel: str
    state: PaymentState
    amount: int
    paid_amount: int | None
    outcome: PaymentOutcome | None
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    was_opened: bool
    """The payer was given something to pay with."""


class MoneyRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back, without the account."""

    amount: int
    reason: str
    state: RefundState
    failure_code: str | None
    created_at: datetime
    paid_at: datetime | None
    is_set_off: bool
    """Paid by what the bank took back, not by us."""
    is_being_checked: bool
    """It waits until two officers have released it."""
    is_stoppable: bool
    """Its payout to a named account was not ordered yet."""


class MoneyPlace(StrEnum):
    """Where the money is, in one word; the page has a sentence and a next step for each."""

    NOT_ARRIVED = "not_arrived"  # we have seen no money; it can still be paid
    NOT_ARRIVED_ENDED = "not_arrived_ended"  # we have seen no money, and the order has ended
    HELD = "held"  # it paid for the order
    PARTLY_BACK = "partly_back"
    GOING_BACK = "going_back"
    WAITING = "waiting"  # an account was named, and the payout can still be stopped
    UNAPPROVED = "unapproved"  # it goes back as soon as we approve what was ordered at the payout provider
    IN_DOUBT = "in_doubt"  # it waits until an officer has seen whether it went back in another way
    NEEDS_ACCOUNT = "needs_account"  # it goes back as soon as the customer names an account
    BACK = "back"
    TAKEN_BACK = "taken_back"  # the bank or the gateway took it back


class MoneyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money of an order is. Holds no personal data."""

    number: str
    place: MoneyPlace
    state: OrderState
    flow: Flow
    total: int
    created_at: datetime
    expires_at: datetime | None
    items: Mapping[ItemState, int]
    is_reversed: bool
    """The bank took back the payment that paid for the order."""
    has_unused: bool
    """Some of its stamps can still be used, or given back."""
    payments: tuple[MoneyPayment, ...]
    refunds: tuple[MoneyRefund, ...]
    asked_at: datetime | None
    """When the gateway was last asked about its payments."""

    @property
    def is_missing(self) -> bool:
        """We have seen no money for the order."""
        return self.place in (MoneyPlace.NOT_ARRIVED, MoneyPlace.NOT_ARRIVED_ENDED)


async def gateway_asked_at(db: Database) -> datetime | None:
    """When the gateway was last asked about any payment."""
    async with db.connection() as connection:
        return await payments.last_asked_at(connection)


async def where_is_my_money(db: Database, text: str) -> MoneyAnswer | None:
    """Finds an order and says where its money is; None when there is none.

    `text`: the order's number, a payment reference, the gateway's transaction id, or the number of a virtual
    account, in any spelling. Banks reuse such numbers: the newest order is found."""
    async with db.connection() as connection:
        order_id = await _find_by_anything(connection, text)
        order = None if order_id is None else await orders.read_order(connection, order_id)
        unused = {} if order is None else await refundable(connection, order)
        asked_at = None if order is None else await payments.asked_at(connection, order.id)
    if order is None or order.state is OrderState.DRAFT:
        return None
    counts: dict[ItemState, int] = {}
    for item in order.items:
        counts[item.state] = counts.get(item.state, 0) + item.quantity
    credited = order.credited_payment
    return MoneyAnswer(
        number=order.number,
        place=money_place(order),
        state=order.state,
        flow=order.flow,
        total=order.total,
        created_at=order.created_at,
        expires_at=order.expires_at,
        items=counts,
        is_reversed=credited is not None and credited.state is PaymentState.REVERSED,
        has_unused=bool(unused),
        payments=tuple(msgspec.convert(p, MoneyPayment, from_attributes=True) for p in order.payments),
        refunds=tuple(msgspec.convert(r, MoneyRefund, from_attributes=True) for r in order.refunds),
        asked_at=asked_at,
    )


async def _find_by_anything(connection: Connection, text: str) -> uuid.UUID | None:
    number = read_order_number(text)
    va_number = digits_of(text[:100])
    transaction_id = seen(text).replace("\0", "").strip().lower()[:100]  # the database knows no NUL
    found: uuid.UUID | None = await connection.fetchval(
        """SELECT id FROM sales.orders WHERE number = $1
           UNION ALL SELECT order_id FROM sales.payment WHERE transaction_id = $2
           UNION ALL (SELECT order_id FROM sales.payment WHERE va_number = $3 ORDER BY created_at DESC)
           LIMIT 1""",
        number,
        transaction_id,
        va_number if va_number.isdecimal() else None,
    )
    return found


def money_place(order: Order) -> MoneyPlace:
    """Where the money of an order is. A payment that was taken back is ignored while another goes back."""
    paid = {payment.id: payment for payment in order.payments if payment.state is PaymentState.SETTLED}
    credited = order.credited_payment
    reversed_ = [payment for payment in order.payments if payment.state is PaymentState.REVERSED]
    owed = [r for r in order.refunds if r.payment_id in paid and r.state is not RefundState.PAID]
    if any(refund.state is RefundState.NEEDS_ACCOUNT for refund in owed):
        return MoneyPlace.NEEDS_ACCOUNT
    if any(refund.failure_code == PAYOUT_UNAPPROVED for refund in owed):
        return MoneyPlace.UNAPPROVED
    if any(refund.failure_code in IN_DOUBT for refund in owed):
        return MoneyPlace.IN_DOUBT
    if owed and all(refund.is_stoppable for refund in owed):
        return MoneyPlace.WAITING
    if owed:
        return MoneyPlace.GOING_BACK
    if credited in reversed_ or (reversed_ and not paid):
        return MoneyPlace.TAKEN_BACK
    if not paid:
        ended = order.state in (OrderState.EXPIRED, OrderState.CANCELLED)
        return MoneyPlace.NOT_ARRIVED_ENDED if ended else MoneyPlace.NOT_ARRIVED
    returned = sum(refund.amount for refund in order.refunds if refund.payment_id in paid)
    if returned == 0:
        return MoneyPlace.HELD
    received = sum(payment.paid_amount or 0 for payment in paid.values())
    return MoneyPlace.BACK if returned >= received else MoneyPlace.PARTLY_BACK
