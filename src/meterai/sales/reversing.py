"""Takes back the stamps of a payment that the bank took back. Called with the order locked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Refusal
from meterai.kit.database import Connection
from meterai.ledger import store as ledger
from meterai.ledger.model import SELLER, AccountKind, Transfer, account
from meterai.sales import bookings
from meterai.sales.model import (
    REFUND_MOVES,
    ItemTransition,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundReason,
    RefundTransition,
    next_item_state,
)
from meterai.sales.order import Order, Payment, Refund
from meterai.sales.queries.refundable import unused_of_items
from meterai.sales.refunding import finish_item
from meterai.sales.store import orders, refunds

_COUNTS_MAX = 5
"""How often unused stamps are counted again when documents take some in the same moment."""


async def take_back(tx: Connection, order: Order, payment: Payment, now: datetime) -> None:
    """Books the reversal as owed to us, and sets off against it what we owe: open refunds, unused stamps.

    Stamps that are used, or just being used, stay good: the rest of the debt is a receivable, and no machine
    annuls a serial number. A refund that a worker is just paying, or whose answer was lost, may still reach
    the customer. Then too little is booked as owed to us. A payout that was sent is left alone; if it fails,
    it is set off then (`pay_refunds`).

    Raises: Refusal CONFLICT `ledger.insufficient` when documents take stamps as fast as they are counted:
    try again later.
    """
    await ledger.open_accounts(tx, [account(AccountKind.RECEIVABLE, SELLER)], now)
    booked = bookings.reverse_payment(order, payment)
    for refund in order.refunds:
        if refund.payment_id == payment.id and (refund.state, RefundTransition.SET_OFF) in REFUND_MOVES:
            booked += await set_off_refund(tx, order, payment, refund, now)
            order = await orders.read_order(tx, order.id)  # the next one may be the last of its item
    if payment.outcome is PaymentOutcome.CREDITED:
        await _post_with_unused(tx, order, payment, booked, now)
    else:
        await ledger.post(tx, booked, now)


async def take_back_freed(tx: Connection, order: Order, now: datetime) -> None:
    """Sets off stamps that were held for a document when the bank took the payment back, and are free now.

    Raises: what `take_back` does."""
    payment = order.credited_payment
    if payment is not None and payment.state is PaymentState.REVERSED:
        await _post_with_unused(tx, await orders.read_order(tx, order.id), payment, [], now)


async def set_off_refund(
    tx: Connection, order: Order, payment: Payment, refund: Refund, now: datetime
) -> list[Transfer]:
    """Writes an open refund as paid by what the bank took back; returns the transfers to post."""
    await refunds.set_paid(tx, refund.id, payment.reference, now)
    await finish_item(tx, order, refund)
    return bookings.set_off(order, refund.id, refund.amount)


async def _post_with_unused(
    tx: Connection, order: Order, payment: Payment, booked: Sequence[Transfer], now: datetime
) -> None:
    """Posts `booked` together with the transfers that take back every unused stamp of the order.

    All goes in one call: a second call could deadlock with a settlement.
    """
    for count in range(1, _COUNTS_MAX + 1):
        unused = await unused_of_items(tx, order)
        try:
            async with tx.transaction():
                taken = await _take_unused(tx, order, payment, unused, now)
                await ledger.post(tx, [*booked, *taken], now)
            return
        except Refusal as refusal:  # a document took some since we looked
            if refusal.code != "ledger.insufficient" or count == _COUNTS_MAX:
                raise


async def _take_unused(
    tx: Connection, order: Order, payment: Payment, unused: Mapping[uuid.UUID, int], now: datetime
) -> list[Transfer]:
    """Writes pieces as given back and paid by what the bank took; returns the transfers to post."""
    transfers = []
    for item in order.items:
        pieces = unused.get(item.id, 0)
        if pieces == 0:
            continue
        refund_id = derived_id("refund", "reversal", payment.id, item.id, item.refunded_quantity)
        amount = (item.unit_face_value + item.unit_fee) * pieces
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
        whole = item.refunded_quantity + pieces == item.quantity
        state = next_item_state(item.state, ItemTransition.REFUND) if whole else item.state
        await refunds.count_refunded(tx, item.id, pieces, state)
        transfers += bookings.owe_quota(order, item, refund_id, pieces)
        written = await orders.read_order(tx, order.id)
        refund = written.refund(refund_id)
        assert refund is not None
        # Its item is not finished while a payout of it is on its way.
        transfers += await set_off_refund(tx, written, payment, refund, now)
    return transfers
