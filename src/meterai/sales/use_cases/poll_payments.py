"""Asks the gateway for payments whose notice may be lost."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.errors import Refusal
from meterai.kit.database import Database
from meterai.sales.attempts import ask_for_charge
from meterai.sales.model import PaymentState
from meterai.sales.ports import PaymentGateway
from meterai.sales.store import orders, payments
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
AT_ONCE_MAX = 8


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did."""

    asked: int
    settled: int
    failed: int
    """No answer this time; their next time is written already."""


async def poll_due_payments(
    db: Database, gateway: PaymentGateway, *, clock: Clock, limit: int = 50
) -> Polled:
    """Settles up to `limit` payments whose status is due; finishes charges whose answer was lost.

    A payment is claimed by writing when it is due next: a worker that dies loses nothing but that while.
    """
    async with db.connection() as connection:
        due = await payments.claim_due(connection, clock(), limit=limit)
    places = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(payment: payments.DuePayment) -> bool | None:
        async with places:
            try:
                return await _ask(db, gateway, payment, clock)
            except Refusal as refusal:
                log.warning("payment_not_polled", reference=payment.reference, code=refusal.code)
                return None

    answers = await asyncio.gather(*(one(payment) for payment in due))
    return Polled(
        asked=len(answers), settled=sum(a is True for a in answers), failed=sum(a is None for a in answers)
    )


async def _ask(db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock) -> bool:
    if due.state is PaymentState.CREATING and await _finish_charge(db, gateway, due, clock):
        return False
    settlement = await settle_payment(db, gateway, due.reference, clock=clock)
    return settlement.new


async def _finish_charge(
    db: Database, gateway: PaymentGateway, due: payments.DuePayment, clock: Clock
) -> bool:
    """Asks again for a charge whose answer was lost; whether it is waiting to be paid now."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, due.order_id)
    payment = order.payment(due.reference)
    if payment is None or payment.state is not PaymentState.CREATING or _over(payment.expires_at, clock()):
        return False
    charged = await ask_for_charge(db, gateway, order.number, payment, clock=clock)
    return charged.state is PaymentState.PENDING


def _over(expires_at: datetime, now: datetime) -> bool:
    return expires_at <= now
