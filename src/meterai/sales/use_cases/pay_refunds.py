"""Pays what is owed: by the gateway's refund, or to the account that the customer named."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.gateways import Gateways
from meterai.sales.model import (
    PAYOUT_MISMATCH,
    PAYOUT_MISSING,
    PAYOUT_UNAPPROVED,
    PAYOUT_UNCOVERED,
    PAYOUT_UNSURE,
    PaymentState,
    RefundChannel,
    RefundState,
    RefundTransition,
    next_refund_state,
    refund_key,
)
from meterai.sales.news import News, refund_entry
from meterai.sales.order import Order, Refund
from meterai.sales.ports import PaymentGateway, PayoutProvider, PayoutRequest, PayoutState
from meterai.sales.refunding import book_paid
from meterai.sales.store import orders, refunds
from meterai.sales.store.refunds import DueRefund
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
AT_ONCE_MAX = 4
RETRY_FIRST = timedelta(seconds=15)
RETRY_LONGEST = timedelta(minutes=15)
ASK_FIRST = timedelta(seconds=5)
LOOK_FIRST = timedelta(hours=1)
LOOK_LONGEST = timedelta(hours=12)
LOOK_FOR = timedelta(days=7)
"""How long a bank may take to send a payout back: a day, and no bank works on holidays."""
_BEFORE_FORGOTTEN = timedelta(hours=1)
"""A payout is not ordered again this long before its provider forgets it: clocks differ."""
_APPROVED_WITHIN = timedelta(hours=1)
"""By then a provider that approves payouts by itself has sent a payout on, and knows it."""
_WAITS_THERE = {PayoutState.QUEUED: PAYOUT_UNAPPROVED, PayoutState.MISSING: PAYOUT_MISSING}
_FELL_THROUGH = "payout.fell_through"
_NEEDS_ACCOUNT = ("gateway.refund_refused", "payout.refused", "payout.failed")
"""Refusals that another account solves. After any other the money may have gone out already."""


class PayoutRules(msgspec.Struct, frozen=True, kw_only=True):
    """What payouts to an account that somebody named wait for."""

    wait: timedelta
    """After the naming: the time in which its owner can stop it."""
    release_above: int
    """Rupiah to accounts that one customer named within 24 hours: above it two officers release a payout."""


async def pay_due_refunds(
    db: Database,
    gateways: Gateways,
    payout: PayoutProvider,
    *,
    rules: PayoutRules,
    clock: Clock,
    limit: int = 20,
) -> int:
    """Pays up to `limit` refunds that are due, or asks how payouts on their way went.

    Payouts to a named account are judged first, by `rules`. Returns how many were due. Each refund goes out
    under an id of its own, so that a repeat after a crash or a lost answer pays once.

    - After closed hours, an outage or a short balance it is tried again, ever more rarely, at least every 15
      minutes. A payout that failed for another reason than the account goes out again as a new one.
    - If the gateway refuses for good, or a bank sends the money back, the customer must name an account: the
      news says so. A bank may do that days later, so the provider is asked for some days more.
    - Before that, and before each payout, the gateway is asked whether it has the payment. If not, nothing is
      paid and no account is asked for: a person who wrote into our books would get others' money.
    - Some payouts wait for an officer (`end_refund`) and are not ordered again. Their id was used with other
      content before a restore. Or they may have gone out too long ago for the provider to recognise a repeat.
      Or the provider took them and, an hour later, has not approved them or does not know them.
    """
    async with db.connection() as connection:
        now = clock()
        await refunds.judge_payouts(connection, above=rules.release_above, wait=rules.wait, now=now)
        due = await refunds.claim_due(connection, now, limit=limit, lease_until=now + LEASE)
    await gather_bounded(due, lambda refund: _pay(db, gateways, payout, refund, clock), at_once=AT_ONCE_MAX)
    return len(due)


async def _pay(
    db: Database, gateways: Gateways, payout: PayoutProvider, due: DueRefund, clock: Clock
) -> None:
    try:
        if due.state is RefundState.PAID:
            await _look_again(db, payout, due, clock)
        elif due.channel is RefundChannel.GATEWAY:
            await _pay_back(db, gateways.named(due.gateway), due, clock)
        else:
            await _pay_out(db, gateways, payout, due, clock)
    except Refusal as refusal:
        log.warning(
            "refund_not_paid",
            refund=str(due.id),
            code=refusal.code,
            attempts=due.attempts,
            **refusal.facts,
        )
        if refusal.code in _NEEDS_ACCOUNT or refusal.code == _FELL_THROUGH:
            await _start_over(db, due, refusal.code, clock())
        else:
            is_sent = refusal.code.startswith("payout.") and refusal.facts.get("sent") is not False
            is_asked = due.asked_before is not None or is_sent
            await _put_off(db, due, clock(), refusal.code, is_asked=is_asked)


async def _pay_back(db: Database, gateway: PaymentGateway, due: DueRefund, clock: Clock) -> None:
    key = refund_key(due.id, due.channel, due.round)
    if not await _is_still_to_go(db, due):
        return
    try:
        await gateway.refund(due.payment_reference, due.amount, key, f"Meterai {due.number}")
    except Refusal as refusal:
        if refusal.code == "gateway.refund_refused":
            await _is_set_off(db, gateway, due, clock)
        raise
    await _finish(db, due, key, clock())


async def _pay_out(
    db: Database, gateways: Gateways, payout: PayoutProvider, due: DueRefund, clock: Clock
) -> None:
    if due.state is RefundState.SENT:
        assert due.reference is not None
        result = await payout.get_status(due.reference)
        _look_whether_it_waits(due, result.state, clock())
    elif due.failure_code == PAYOUT_MISMATCH:  # the provider has it since an unknown time
        raise Refusal(Kind.CONFLICT, PAYOUT_MISMATCH)
    elif due.asked_before is not None and clock() > due.asked_before + payout.remembers - _BEFORE_FORGOTTEN:
        raise Refusal(Kind.CONFLICT, PAYOUT_UNSURE)
    elif await _is_set_off(db, gateways.named(due.gateway), due, clock) or not await _is_still_to_go(db, due):
        return
    else:
        result = await payout.pay(_request(due))
    if result.state is PayoutState.COMPLETED:
        await _finish(db, due, result.provider_reference, clock())
    elif result.state is PayoutState.FAILED:
        raise Refusal(Kind.INVALID, "payout.failed", failure=result.failure)
    elif result.state is PayoutState.FELL_THROUGH:
        raise Refusal(Kind.UNAVAILABLE, _FELL_THROUGH, failure=result.failure)
    elif result.state is PayoutState.MISSING:
        raise Refusal(Kind.UNAVAILABLE, "payout.unavailable", reason="missing")
    elif due.state is RefundState.SENT:
        await _put_off(db, due, clock(), None, is_asked=True)
    else:
        await _mark_sent(db, due, result.provider_reference, clock())


async def _is_set_off(db: Database, gateway: PaymentGateway, due: DueRefund, clock: Clock) -> bool:
    """Asks the gateway whether the bank took the payment back, and this refund with it: a notice may be lost.

    Raises: Refusal(CONFLICT, "payout.uncovered"): the gateway does not have the money. No other account
    helps.
    """
    payment = await settle_payment(db, gateway, due.payment_reference, clock=clock)
    if payment.state is PaymentState.REVERSED:
        return True
    if payment.left_at_gateway < due.amount:
        raise Refusal(Kind.CONFLICT, PAYOUT_UNCOVERED, sent=False)
    return False


async def _is_still_to_go(db: Database, due: DueRefund) -> bool:
    """True when the refund still has to go out. False when an officer ended it meanwhile (`end_refund`).

    Takes it off the list for officers, if the gateway did not have its money before."""
    if due.failure_code != PAYOUT_UNCOVERED:
        return True
    async with db.connection() as connection:
        return await refunds.take_out_of_doubt(connection, due)


def _look_whether_it_waits(due: DueRefund, state: PayoutState, now: datetime) -> None:
    why = _WAITS_THERE.get(state)
    if why and due.asked_before is not None and now > due.asked_before + _APPROVED_WITHIN:
        raise Refusal(Kind.UNAVAILABLE, why)


async def _look_again(db: Database, payout: PayoutProvider, due: DueRefund, clock: Clock) -> None:
    """Asks whether the bank sent a payout back, more rarely with time, until the last answer."""
    assert due.reference is not None
    assert due.paid_at is not None
    try:
        state = (await payout.get_status(due.reference)).state
    except Refusal as refusal:
        log.warning("payout_not_looked_at", refund=str(due.id), code=refusal.code, **refusal.facts)
        state = None
    now = clock()
    if state in (PayoutState.FAILED, PayoutState.FELL_THROUGH):
        raise Refusal(Kind.INVALID, "payout.failed")
    wait = min(max(now - due.paid_at, LOOK_FIRST), LOOK_LONGEST)
    over = state is not None and now >= due.paid_at + LOOK_FOR
    async with db.connection() as connection:
        await refunds.look_again(connection, due, None if over else now + wait)


def _request(due: DueRefund) -> PayoutRequest:
    assert due.bank is not None
    assert due.account_number is not None
    assert due.account_holder is not None
    return PayoutRequest(
        reference=refund_key(due.id, due.channel, due.round),
        amount=Rupiah(due.amount),
        bank=due.bank,
        account=due.account_number,
        name=due.account_holder,
        note=f"Meterai {due.number}".replace("-", " "),
    )


async def _lock(tx: Connection, due: DueRefund) -> tuple[Order, Refund] | None:
    """The refund as it stands now; None when it has moved on since it was claimed."""
    order = await orders.lock_order(tx, due.order_id)
    refund = order.refund(due.id)
    assert refund is not None
    if refund.state is not due.state or refund.round != due.round:
        return None
    return order, refund


@on_open_day
async def _finish(db: Database, due: DueRefund, reference: str, now: datetime) -> None:
    """Books the refund as paid, and its item as refunded with the last of its money."""
    async with db.transaction() as tx:
        found = await _lock(tx, due)
        if found is None:
            return
        order, refund = found
        look_at = None if due.channel is RefundChannel.GATEWAY else now + LOOK_FIRST
        await book_paid(tx, order, refund, now, reference=reference, look_at=look_at)


async def _mark_sent(db: Database, due: DueRefund, reference: str, now: datetime) -> None:
    async with db.transaction() as tx:
        if await _lock(tx, due) is not None:
            next_refund_state(due.state, RefundTransition.SEND)
            await refunds.send(tx, due.id, reference, now + ASK_FIRST)


@on_open_day
async def _start_over(db: Database, due: DueRefund, why: str, now: datetime) -> None:
    """Orders another payout to the same account, or asks the customer for another account.

    If the bank took the payment back meanwhile, the refund is set off instead (`take_back`)."""
    async with db.transaction() as tx:
        found = await _lock(tx, due)
        if found is None:
            return
        _, refund = found
        if why == _FELL_THROUGH:
            next_refund_state(refund.state, RefundTransition.GO_AGAIN)
            next_at = now + _wait(RETRY_FIRST, due.round)
            await refunds.retry(tx, due.id, why, now, next_at=next_at)
            return
        came_back = refund.state is RefundState.PAID
        next_refund_state(refund.state, RefundTransition.RETURN if came_back else RefundTransition.REFUSE)
        if await refunds.refuse(tx, due.id, why, now):
            await outbox.enqueue_many(tx, [refund_entry(due.order_id, due.id, News.NEEDS_ACCOUNT)], now)


async def _put_off(db: Database, due: DueRefund, now: datetime, why: str | None, *, is_asked: bool) -> None:
    wait = _wait(RETRY_FIRST if why else ASK_FIRST, due.attempts)
    async with db.connection() as connection:
        await refunds.put_off(connection, due, now + wait, why, is_asked=is_asked)


def _wait(first: timedelta, attempts: int) -> timedelta:
    doublings: int = min(max(attempts, 1) - 1, 10)
    return min(RETRY_LONGEST, first * (1 << doublings))
