"""Asks the gateways for payments whose notice may be lost."""

from __future__ import annotations

from datetime import datetime

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database
from meterai.sales.attempts import ask_for_charge
from meterai.sales.gateways import Gateways
from meterai.sales.model import OPEN_PAYMENTS, PaymentState
from meterai.sales.ports import PaymentGateway
from meterai.sales.store import orders, payments
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
AT_ONCE_MAX = 8


async def poll_due_payments(db: Database, gateways: Gateways, *, clock: Clock, limit: int = 50) -> int:
    """Settles up to `limit` payments whose status is due; finishes charges whose answer was lost.

    Returns how many were due. A payment is claimed by writing when it is due again: if the worker dies or
    fails, only that time is lost. Raises: the first failure that is no refusal, after the last payment.
    """
    async with db.connection() as connection:
        due = await payments.claim_due(connection, clock(), limit=limit)

    async def one(payment: payments.DuePayment) -> None:
        try:
            await _ask(db, gateways.named(payment.gateway), payment, clock)
        except Refusal as refusal:
            log.warning("payment_not_polled", reference=payment.reference, code=refusal.code, **refusal.facts)
            return
        if payment.state not in OPEN_PAYMENTS:
            async with db.connection() as connection:
                await payments.note_answer(connection, payment, clock())

    await gather_bounded(due, one, at_once=AT_ONCE_MAX)
    return len(due)


async def _ask(db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock) -> None:
    if due.state is PaymentState.CREATING and await _finish_charge(db, gateway, due, clock):
        return
    await settle_payment(db, gateway, due.reference, clock=clock)


async def _finish_charge(
    db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock
) -> bool:
    """Asks again for a charge whose answer was lost; True when it can be paid now."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, due.order_id)
    payment = order.payment(due.reference)
    if payment is None or payment.state is not PaymentState.CREATING or payment.expires_at <= clock():
        return False
    charged = await ask_for_charge(db, gateway, order.number, payment, clock=clock)
    return charged.state is PaymentState.PENDING


async def poll_open_payments_soon(db: Database, *, before: datetime) -> None:
    """Makes the open payments due that were begun by `before`: their notices may be lost."""
    async with db.connection() as connection:
        await payments.make_open_due(connection, before)
