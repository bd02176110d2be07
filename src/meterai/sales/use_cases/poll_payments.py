"""Asks the gateway for payments whose notice may be lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.errors import Refusal
from meterai.kit.database import Database
from meterai.sales.attempts import ask_for_charge
from meterai.sales.model import OPEN_PAYMENTS, PaymentState
from meterai.sales.ports import PaymentGateway
from meterai.sales.store import orders, payments
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
AT_ONCE_MAX = 8
UNANSWERED = timedelta(minutes=5)
"""After so long a closed attempt is asked for again of which the gateway did not answer."""


async def poll_due_payments(db: Database, gateway: PaymentGateway, *, clock: Clock, limit: int = 50) -> int:
    """Settles up to `limit` payments whose status is due; finishes charges whose answer was lost.

    Gives how many were due. A payment is claimed by writing when it is due next: a worker that dies loses
    nothing but that while.
    """
    async with db.connection() as connection:
        due = await payments.claim_due(connection, clock(), limit=limit)
    places = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(payment: payments.DuePayment) -> None:
        async with places:
            try:
                await _ask(db, gateway, payment, clock)
            except Refusal as refusal:  # its next time is written already
                log.warning("payment_not_polled", reference=payment.reference, code=refusal.code)
                if payment.state not in OPEN_PAYMENTS:
                    async with db.connection() as connection:
                        await payments.ask_soon(connection, payment.reference, clock() + UNANSWERED)
            else:
                if payment.last:
                    async with db.connection() as connection:
                        await payments.stop_asking(connection, payment.reference)

    await asyncio.gather(*(one(payment) for payment in due))
    return len(due)


async def _ask(db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock) -> None:
    if due.state is PaymentState.CREATING and await _finish_charge(db, gateway, due, clock):
        return
    await settle_payment(db, gateway, due.reference, clock=clock)


async def _finish_charge(
    db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock
) -> bool:
    """Asks again for a charge whose answer was lost; whether it is waiting to be paid now."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, due.order_id)
    payment = order.payment(due.reference)
    if payment is None or payment.state is not PaymentState.CREATING or payment.expires_at <= clock():
        return False
    charged = await ask_for_charge(db, gateway, order.number, payment, clock=clock)
    return charged.state is PaymentState.PENDING
