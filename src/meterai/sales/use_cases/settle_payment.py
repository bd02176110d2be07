"""Finds out what became of a payment and books it. Money is booked in no other way."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.attempts import LOOK_AFTER_CLOSING
from meterai.sales.crediting import news_of_owed, outcome_of, work_after_payment
from meterai.sales.model import (
    OPEN_PAYMENTS,
    OrderState,
    PaymentOutcome,
    PaymentState,
    PaymentTransition,
    next_payment_state,
)
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel, GatewayState, GatewayStatus, PaymentGateway
from meterai.sales.prices import ChannelCost, gateway_cost
from meterai.sales.reversing import take_back
from meterai.sales.store import orders, payments

log = structlog.get_logger(__name__)


_CLOSED_BY = {
    GatewayState.EXPIRED: PaymentTransition.EXPIRE,
    GatewayState.CANCELLED: PaymentTransition.CANCEL,
    GatewayState.DENIED: PaymentTransition.FAIL,
    GatewayState.REFUNDED: PaymentTransition.CANCEL,  # came and went back before we ever saw it
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

    Notices, the poller, and every use case that closes a charge call this, perhaps at the same time. The
    order's lock and the ids of the transfers make sure that a payment is booked once.

    - Money for an order that waits for it credits the order; for an expired one too, if stock is left.
    - Money that is late, doubled or of another amount is owed back to the payer in the same transaction.
    - If a part went back before we booked the payment, as after a restore, the rest is booked.

    Raises: Refusal NOT_FOUND `payment.unknown`; UNAVAILABLE `gateway.unavailable`.
    """
    asked_at = clock()
    said = await gateway.get_status(reference)
    settlement = await _settle(db, gateway, _of_the_rest(said), asked_at=asked_at, now=clock())
    return msgspec.structs.replace(settlement, left_at_gateway=_left(said, settlement.paid_amount))


@on_open_day
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
            return await _book(tx, gateway.costs, status, asked_at=asked_at, now=now)
    if status.state in _TAKEN_BACK or status.state in _CLOSED_BY:
        async with db.transaction() as tx:
            return await _end(tx, reference, status.state, asked_at=asked_at, now=now)
    return await _leave(db, gateway, status, asked_at=asked_at, now=now)


def _left(said: GatewayStatus, booked: int) -> int:
    return said.amount - said.refunded if said.state in _CAME and said.amount >= booked else 0


def _of_the_rest(status: GatewayStatus) -> GatewayStatus:
    """The status of a partly refunded payment, as a payment of the rest."""
    if status.state is not GatewayState.PARTIALLY_REFUNDED or status.refunded <= 0:
        return status
    left = status.amount - status.refunded
    if left <= 0:
        return msgspec.structs.replace(status, state=GatewayState.REFUNDED)
    return msgspec.structs.replace(status, state=GatewayState.SETTLED, amount=Rupiah(left))


async def _book(
    tx: Connection,
    costs: Mapping[Channel, ChannelCost],
    status: GatewayStatus,
    *,
    asked_at: datetime,
    now: datetime,
) -> Settlement:
    reference = status.reference
    order = await orders.lock_order_of_payment(tx, reference)
    payment = _payment(order, reference)
    if payment.state in (PaymentState.SETTLED, PaymentState.REVERSED):
        await payments.finish_notices(tx, reference, asked_at=asked_at, now=now)
        if payment.reversed_at is not None and asked_at > payment.reversed_at:  # it came again
            log.error("payment_status_unclear", reference=reference, state=status.state, booked=payment.state)
        return _settlement(order, payment)
    next_payment_state(payment.state, PaymentTransition.SETTLE)
    cost = gateway_cost(costs.get(payment.channel, ChannelCost()), status.amount)
    outcome = await _book_money(tx, order, payment, status, cost=cost, asked_at=asked_at, now=now)
    if outcome is not PaymentOutcome.CREDITED:
        log.warning("payment_goes_back", reference=reference, outcome=outcome)
    settled = msgspec.structs.replace(payment, state=PaymentState.SETTLED, outcome=outcome)
    return _settlement(order, settled, new=True)


async def _book_money(
    tx: Connection,
    order: Order,
    payment: Payment,
    status: GatewayStatus,
    *,
    cost: int,
    asked_at: datetime,
    now: datetime,
) -> PaymentOutcome:
    """Books money that came, and writes down what follows. Returns what it was for."""
    outcome = outcome_of(order, payment, status.amount)
    if outcome is PaymentOutcome.REFUNDED_LATE and order.state is OrderState.AWAITING_PAYMENT:
        await orders.cancel(tx, order.id, now, look_at=now + LOOK_AFTER_CLOSING)  # of the probe
    book = partial(
        payments.settle,
        tx,
        payment.id,
        transaction_id=status.transaction_id,
        paid_amount=status.amount,
        gateway_cost=cost,
        asked_at=asked_at,
        now=now,
    )
    late = outcome is PaymentOutcome.CREDITED and order.state is OrderState.EXPIRED
    sold = late and await _sell_late(tx, book)
    if late and not sold:
        outcome = PaymentOutcome.REFUNDED_LATE
    credited = outcome is PaymentOutcome.CREDITED
    next_steps = work_after_payment(order, payment) if credited else [news_of_owed(order, payment)]
    await outbox.enqueue_many(tx, next_steps, now)
    if not sold:
        await book(outcome)  # last: others wait for the accounts
    return outcome


async def _sell_late(tx: Connection, book: Callable[[PaymentOutcome], Awaitable[None]]) -> bool:
    """Credits an expired order from the stock that is left; False, and nothing booked, when none is."""
    try:
        async with tx.transaction():  # a savepoint: without stock the same transaction books a refund
            await book(PaymentOutcome.CREDITED)
    except Refusal as refusal:
        if refusal.code != "ledger.insufficient":
            raise
        return False
    return True


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
        return _settlement(order, payment)
    transition = _CLOSED_BY.get(state, PaymentTransition.FAIL)
    after = next_payment_state(payment.state, transition)
    await payments.close_attempt(tx, reference, after, now + LOOK_AFTER_CLOSING)
    return _settlement(order, msgspec.structs.replace(payment, state=after))


async def _reverse(tx: Connection, order: Order, payment: Payment, now: datetime) -> Settlement:
    """Books that the bank took the money back: unused stamps are taken back too, used ones stay good."""
    after = next_payment_state(payment.state, PaymentTransition.REVERSE)
    await take_back(tx, payment, now)
    log.error("payment_reversed", reference=payment.reference, amount=payment.paid_amount)
    return _settlement(order, msgspec.structs.replace(payment, state=after), new=True)


async def _leave(
    db: Database, gateway: PaymentGateway, status: GatewayStatus, *, asked_at: datetime, now: datetime
) -> Settlement:
    """Books nothing: no money came, and the charge has not ended. Closes it there if we closed it here."""
    async with db.transaction() as tx:
        order = await orders.lock_order_of_payment(tx, status.reference)
        await payments.finish_notices(tx, status.reference, asked_at=asked_at, now=now)
    payment = _payment(order, status.reference)
    closed = payment.state in (PaymentState.EXPIRED, PaymentState.CANCELLED, PaymentState.FAILED)
    if closed and status.state is GatewayState.PENDING:
        await gateway.expire(status.reference)
    if status.state in (GatewayState.UNKNOWN, GatewayState.PARTIALLY_REFUNDED):
        log.error("payment_status_unclear", reference=status.reference, state=status.state)
    return _settlement(order, payment)


def _payment(order: Order, reference: str) -> Payment:
    payment = order.payment(reference)
    assert payment is not None
    return payment


def _settlement(order: Order, payment: Payment, *, new: bool = False) -> Settlement:
    return Settlement(
        order_id=order.id,
        reference=payment.reference,
        state=payment.state,
        outcome=payment.outcome,
        new=new,
        paid_amount=payment.paid_amount or 0,
    )
