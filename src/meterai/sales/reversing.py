"""Takes back the stamps of a payment that the bank took back. Called with the order locked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from meterai.kit.database import Connection
from meterai.ledger.recounting import retry_with_new_count
from meterai.sales.model import PaymentState
from meterai.sales.order import Order, Payment
from meterai.sales.store import payments


async def take_back(tx: Connection, payment: Payment, now: datetime) -> None:
    """Books the reversal as owed to us, and sets off against it what we owe: open refunds, unused stamps.

    Stamps that are used, or just being used, stay good: the rest of the debt is a receivable, and no machine
    annuls a serial number. A refund that a worker is just paying, or whose answer was lost, may still reach
    the customer. Then too little is booked as owed to us. A payout that was sent is left alone; if it fails,
    it is set off then (`pay_refunds`).

    Raises: Refusal CONFLICT `ledger.insufficient` when documents take stamps as fast as they are counted:
    try again later.
    """
    await _counting_again(tx, lambda: payments.reverse(tx, payment.id, now))


async def take_back_freed(tx: Connection, order: Order, now: datetime) -> None:
    """Sets off stamps that were held for a document when the bank took the payment back, and are free now.

    Raises: what `take_back` does."""
    payment = order.credited_payment
    if payment is not None and payment.state is PaymentState.REVERSED:
        await _counting_again(tx, lambda: payments.take_back_freed(tx, order.id, now))


async def _counting_again(tx: Connection, take: Callable[[], Awaitable[None]]) -> None:
    """Runs `take`, which counts unused stamps and takes them; again when a document took some meanwhile."""

    async def once() -> None:
        async with tx.transaction():  # a savepoint
            await take()

    await retry_with_new_count(once)
