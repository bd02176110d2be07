"""Attempts to pay: a new one, and the gateway's charge for it. Called by several use cases."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.ids import new_id
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.gateways import Gateways
from meterai.sales.model import PaymentState, is_large
from meterai.sales.order import Order, Payment
from meterai.sales.ports import Channel, Charge, ChargeRequest, GatewayState, PaymentGateway
from meterai.sales.store import orders, payments

log = structlog.get_logger(__name__)
POLL_AFTER = timedelta(seconds=10)
LOOK_AFTER_TROUBLE = timedelta(seconds=10)
"""When an attempt is looked at that its gateway did not close: it is closed once the gateway answers."""
LOOK_AFTER_CLOSING = timedelta(minutes=1)
"""When a closed attempt is looked at again; later ever more rarely. Money may come late."""


def read_channel(text: str, gateways: Gateways) -> Channel:
    """The way to pay that a customer chose.

    Raises: Refusal INVALID `payment.no_channel` when no gateway offers it.
    """
    channel = next((channel for channel in gateways.channels if channel == text), None)
    if channel is None:
        raise Refusal(Kind.INVALID, "payment.no_channel")
    return channel


def refuse_for_large(order: Order, channel: Channel) -> None:
    """Raises: Refusal INVALID `payment.only_va` for a large order that is not paid by virtual account."""
    if is_large(order.quantity) and not channel.is_virtual_account:
        raise Refusal(Kind.INVALID, "payment.only_va")


def new_attempt(
    order: Order, channel: Channel, gateway: str, *, now: datetime, expires_at: datetime
) -> Payment:
    """The next attempt to pay an order, not written yet. Its reference is the order's number and a count."""
    return Payment(
        id=new_id(now),
        gateway=gateway,
        channel=channel,
        reference=f"{order.number}-{len(order.payments) + 1}",
        amount=order.total,
        state=PaymentState.CREATING,
        transaction_id=None,
        qr_text=None,
        va_number=None,
        biller_code=None,
        pay_url=None,
        page_url=None,
        paid_amount=None,
        outcome=None,
        created_at=now,
        expires_at=expires_at,
        settled_at=None,
        reversed_at=None,
    )


async def open_charge(
    db: Database, gateways: Gateways, order: Order, payment: Payment, *, clock: Clock
) -> list[Payment]:
    """Asks for the charge of a new attempt. While a gateway can't be used, tries others that are healthy.

    Returns the attempts that this made, the last of them being what the customer pays. One that another
    follows is cancelled in our books. Its gateway may have opened it: the poller closes it there.
    """
    attempts: list[Payment] = []
    tried = frozenset({payment.gateway})
    while True:
        payment = await ask_for_charge(
            db, gateways.named(payment.gateway), order.number, payment, clock=clock
        )
        other = None
        if payment.state is PaymentState.CREATING:
            other = gateways.another(payment.channel, payment.amount, but=tried)
        following = None
        if other is not None:
            following = await _follow(db, order.id, payment, other.name, now=clock())
        if following is None:
            return [*attempts, payment]
        attempts.append(msgspec.structs.replace(payment, state=PaymentState.CANCELLED))
        payment, tried = following, tried | {following.gateway}


async def _follow(
    db: Database, order_id: uuid.UUID, payment: Payment, gateway: str, *, now: datetime
) -> Payment | None:
    """Writes an attempt at another gateway instead of `payment`; None when that is no longer awaited."""
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        open_now = order.open_payment
        if open_now is None or open_now.id != payment.id or open_now.state is not PaymentState.CREATING:
            return None
        following = new_attempt(order, payment.channel, gateway, now=now, expires_at=payment.expires_at)
        await payments.add_attempt(tx, order.id, following, look_at=now + LOOK_AFTER_TROUBLE)
    log.warning("payment_moved", reference=payment.reference, gateway=payment.gateway, to=gateway)
    return following


async def ask_for_charge(
    db: Database, gateway: PaymentGateway, number: str, payment: Payment, *, clock: Clock
) -> Payment:
    """Asks the gateway to open the charge of an attempt, or to find the one it opened; stores its answer.

    Without an answer the attempt stays `creating`, and the poller asks again under the same reference. After
    a refusal the attempt has failed, and the customer chooses again how to pay.
    """
    request = ChargeRequest(
        reference=payment.reference,
        amount=Rupiah(payment.amount),
        channel=payment.channel,
        description=f"Meterai {number}",
        asked_at=payment.created_at,
        expires_at=payment.expires_at,
    )
    try:
        charge = await gateway.create_charge(request)
    except Refusal as refusal:
        log.warning("charge_not_opened", reference=payment.reference, code=refusal.code, **refusal.facts)
        if refusal.kind is Kind.UNAVAILABLE:
            return payment
        return await _give_up(db, gateway, payment, refusal, clock)
    now = clock()
    poll_at = now + POLL_AFTER if charge.state is GatewayState.PENDING else now
    async with db.connection() as connection:
        await payments.store_charge(connection, charge, poll_at)
    return _charged(payment, charge)


def _charged(payment: Payment, charge: Charge) -> Payment:
    return msgspec.structs.replace(
        payment,
        state=PaymentState.PENDING,
        transaction_id=charge.transaction_id,
        qr_text=charge.qr_text or None,
        va_number=charge.va_number or None,
        biller_code=charge.biller_code or None,
        pay_url=charge.pay_url or None,
        page_url=charge.payment_page_url or None,
    )


async def _give_up(
    db: Database, gateway: PaymentGateway, payment: Payment, refusal: Refusal, clock: Clock
) -> Payment:
    """Ends an attempt that can't be paid. One that exists at the gateway is closed there."""
    if refusal.kind is Kind.CONFLICT:
        try:
            await gateway.expire(payment.reference)
        except Refusal as second:
            log.warning("charge_not_closed", reference=payment.reference, code=second.code, **second.facts)
    async with db.connection() as connection:
        await payments.close_attempt(
            connection, payment.reference, PaymentState.FAILED, clock() + LOOK_AFTER_CLOSING
        )
    return msgspec.structs.replace(payment, state=PaymentState.FAILED)
