"""What happens to the stamps of a payment that the bank took back. Called with the order locked."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kernel.errors import Refusal
from meterai.kernel.ids import derived_id
from meterai.kit.database import Connection
from meterai.ledger import queries as ledger_queries
from meterai.ledger import store as ledger
from meterai.ledger.model import SELLER, AccountKind, account
from meterai.sales import bookings
from meterai.sales.model import (
    REFUND_MOVES,
    ItemEvent,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundEvent,
    RefundReason,
    next_item_state,
)
from meterai.sales.order import Item, Order, Payment, Refund
from meterai.sales.queries import may_be_refunded
from meterai.sales.refunding import finish_item
from meterai.sales.store import orders, refunds


async def take_back(tx: Connection, order: Order, payment: Payment, now: datetime) -> None:
    """Books the reversal as owed to us, and sets off against it what we owe: open refunds, unused stamps.

    Stamps that are used, or being used in this moment, stay good: the rest of the debt is a receivable, and
    no machine annuls a serial number. A refund that a worker is paying in this very moment, or whose answer
    was lost, may reach the customer all the same: then too little is booked as owed to us. A payout that was
    sent is left alone; should it fail, it is set off then (`pay_refunds`).
    """
    await ledger.open_accounts(tx, [account(AccountKind.RECEIVABLE, SELLER)], now)
    await ledger.post(tx, bookings.reverse_payment(order, payment), now)
    for refund in order.refunds:
        if refund.payment_id == payment.id and (refund.state, RefundEvent.SET_OFF) in REFUND_MOVES:
            await set_off_refund(tx, order, payment, refund, now)
            order = await orders.read_order(tx, order.id)  # the next one may be the last of its item
    if payment.outcome is not PaymentOutcome.CREDITED:
        return
    for item in order.items:
        if may_be_refunded(item):
            await _set_off(tx, order, payment, item, now)


async def take_back_refused(tx: Connection, order: Order, item_id: uuid.UUID, now: datetime) -> None:
    """Sets off the stamps of a document that was being stamped when the bank took the payment back, and that
    was refused then."""
    payment = order.credited_payment
    if payment is None or payment.state is not PaymentState.REVERSED:
        return
    order = await orders.read_order(tx, order.id)
    item = order.item(item_id)
    if item is not None and may_be_refunded(item):
        await _set_off(tx, order, payment, item, now)


async def set_off_refund(
    tx: Connection, order: Order, payment: Payment, refund: Refund, now: datetime
) -> None:
    """Writes a refund that did not reach the customer as paid by what the bank took back."""
    await refunds.set_paid(tx, refund.id, payment.reference, now)
    await finish_item(tx, order, refund)
    await ledger.post(tx, bookings.set_off(order, refund.id, refund.amount), now)


async def _set_off(tx: Connection, order: Order, payment: Payment, item: Item, now: datetime) -> None:
    refund_id = derived_id("refund", "reversal", payment.id, item.id)
    pieces, amount = await _unused(tx, order, item), 0
    while pieces > 0:
        amount = (item.unit_face_value + item.unit_fee) * pieces
        try:
            async with tx.transaction():
                taken = bookings.owe_quota(order, item, refund_id, pieces)
                await ledger.post(tx, taken + bookings.set_off(order, refund_id, amount), now)
            break
        except Refusal as refusal:
            if refusal.code != "ledger.insufficient":
                raise
        left = await _unused(tx, order, item)  # a document took some since we looked
        pieces = min(left, pieces - 1)
    if pieces > 0:
        await _record(tx, order, payment, item, refund_id, pieces, amount, now)


async def _unused(tx: Connection, order: Order, item: Item) -> int:
    assert item.lot_account_id is not None
    assert order.customer_id is not None
    lot = await ledger_queries.lot_of(tx, item.lot_account_id, customer_id=order.customer_id)
    return lot.available if lot else 0


async def _record(
    tx: Connection,
    order: Order,
    payment: Payment,
    item: Item,
    refund_id: uuid.UUID,
    pieces: int,
    amount: int,
    now: datetime,
) -> None:
    await refunds.add_refund(
        tx,
        refund_id,
        order.id,
        payment_id=payment.id,
        item_id=item.id,
        quantity=pieces,
        amount=amount,
        reason=RefundReason.REVERSED,
        channel=RefundChannel.GATEWAY,
        account=None,
        now=now,
    )
    await refunds.set_paid(tx, refund_id, payment.reference, now)
    whole = item.refunded_quantity + pieces == item.quantity
    state = next_item_state(item.state, ItemEvent.REFUND) if whole else item.state
    await refunds.count_refunded(tx, item.id, pieces, state)
    order = await orders.read_order(tx, order.id)
    refund = order.refund(refund_id)
    assert refund is not None
    await finish_item(tx, order, refund)  # not while a payout of the same item is on its way
