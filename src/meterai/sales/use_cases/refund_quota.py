"""Gives unused stamps back for their whole price, and names the account that gets it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.ledger import queries as ledger_queries
from meterai.ledger.open_day import on_open_day
from meterai.sales.bank_account import BankAccount, read_bank_account
from meterai.sales.model import ItemState, PaymentState, RefundChannel, RefundState, refund_channel
from meterai.sales.order import Item, Order, Payment, Refund
from meterai.sales.queries.refundable import may_be_refunded, refundable
from meterai.sales.store import orders, refunds

__all__ = ["BankAccount", "RefundRequested", "give_refund_account", "request_refund"]


class RefundRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is owed from now on."""

    refund_id: uuid.UUID
    state: RefundState
    amount: int
    """Rupiah: face value and fee of every piece."""
    pieces: int


@on_open_day
async def request_refund(
    db: Database,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    pieces: int,
    *,
    account: BankAccount | None,
    given_back: int,
    proof_id: uuid.UUID,
    wait: timedelta,
    now: datetime,
) -> RefundRequested:
    """Takes `pieces` unused stamps out of an item's lot and owes their price to the customer, in one step.

    Works for quota that is ready, for the stamps of a refused document (all of them at once), and for those
    that a stamped document did not need. The money goes back over the gateway at once, or after `wait` to
    `account` where the gateway can't. Without an account, the refund waits for `give_refund_account`.

    `proof_id`: of a fresh code for this order. It is used up, but not by asking the same again.

    `given_back`: how many pieces of the item had been given back when the customer decided. Asking twice at
    the same number asks once. The refund's id is made from this number. So a refund that a restore forgot
    goes out under the same id when it is asked for again, and gateway and payout provider recognise it.

    Raises: Refusal NOT_FOUND `order.not_found`, `order.no_such_item`; INVALID `refund.pieces`,
    `refund.whole_document`, `refund.bank_unknown`, `refund.account_unreadable`, `refund.holder_missing`,
    `request.key_reused` (also when `given_back` is out of date); CONFLICT `refund.not_possible`,
    `refund.more_than_unused` (`available`), `refund.other_account` (it was asked for with another one);
    FORBIDDEN `refund.prove_first`.
    """
    checked = None if account is None else read_bank_account(account.bank, account.number, account.holder)
    refund_id = derived_id("refund", item_id, given_back)
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        before = order.refund(refund_id)
        if before is not None:
            await _refuse_other(tx, before, item_id, pieces, checked)
            return _requested(before)
        item, payment = _refundable(order, item_id, pieces)
        if given_back != item.refunded_quantity:
            raise Refusal(Kind.INVALID, "request.key_reused")
        by_payout = refund_channel(payment.channel) is RefundChannel.PAYOUT
        await _give_back(
            tx,
            order,
            item,
            pieces,
            account=checked if by_payout else None,
            proof_id=proof_id,
            wait=wait,
            now=now,
        )
        after = (await orders.read_order(tx, order_id)).refund(refund_id)
        assert after is not None
    return _requested(after)


async def refuse_request(
    db: Database, order_id: uuid.UUID, item_id: uuid.UUID, pieces: int, *, given_back: int
) -> int:
    """Gives the sum that `request_refund` would owe, or raises what it raises: before a code is sent."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
        unused = await refundable(connection, order)
    item, _ = _refundable(order, item_id, pieces)
    if given_back != item.refunded_quantity:
        raise Refusal(Kind.INVALID, "request.key_reused")
    if pieces > unused.get(item_id, 0):
        raise Refusal(Kind.CONFLICT, "refund.more_than_unused", available=unused.get(item_id, 0))
    return (item.unit_face_value + item.unit_fee) * pieces


async def give_refund_account(
    db: Database,
    order_id: uuid.UUID,
    refund_id: uuid.UUID,
    account: BankAccount,
    *,
    proof_id: uuid.UUID,
    wait: timedelta,
    now: datetime,
) -> RefundRequested:
    """Names the account of a refund that waits for one, or another one while no payout was ordered.

    The refund is paid after `wait`. Naming the same account again changes nothing and uses no proof up.

    Raises: Refusal NOT_FOUND `order.not_found`, `refund.unknown`; CONFLICT `refund.other_account` (a payout
    to another one may be under way), `refund.no_account_needed`; INVALID `refund.bank_unknown`,
    `refund.account_unreadable`, `refund.holder_missing`; FORBIDDEN `refund.prove_first`.
    """
    checked = read_bank_account(account.bank, account.number, account.holder)
    async with db.transaction() as tx:
        order = await orders.lock_order(tx, order_id)
        refund = _nameable(order, refund_id)
        if await refunds.account_of(tx, refund_id) != checked:
            if not refund.takes_account:
                raise Refusal(Kind.CONFLICT, "refund.other_account")
            await refunds.name_account(tx, refund_id, checked, proof_id=proof_id, wait=wait, now=now)
            refund = _nameable(await orders.read_order(tx, order_id), refund_id)
    return _requested(refund)


async def refuse_account(db: Database, order_id: uuid.UUID, refund_id: uuid.UUID) -> int:
    """Gives the sum of a refund that takes an account, or raises what `give_refund_account` raises."""
    async with db.connection() as connection:
        refund = _nameable(await orders.read_order(connection, order_id), refund_id)
    if not refund.takes_account:
        raise Refusal(Kind.CONFLICT, "refund.other_account")
    return refund.amount


def _nameable(order: Order, refund_id: uuid.UUID) -> Refund:
    refund = order.refund(refund_id)
    if refund is None:
        raise Refusal(Kind.NOT_FOUND, "refund.unknown")
    if refund.channel is RefundChannel.GATEWAY:
        raise Refusal(Kind.CONFLICT, "refund.no_account_needed")
    return refund


def _requested(refund: Refund) -> RefundRequested:
    return RefundRequested(
        refund_id=refund.id, state=refund.state, amount=refund.amount, pieces=refund.quantity
    )


async def _refuse_other(
    tx: Connection, before: Refund, item_id: uuid.UUID, pieces: int, account: BankAccount | None
) -> None:
    """Refuses a repeat with other content (I15)."""
    if (before.item_id, before.quantity) != (item_id, pieces):
        raise Refusal(Kind.INVALID, "request.key_reused")
    if account is not None:
        await _refuse_other_account(tx, before.id, account, unnamed="request.key_reused")


async def _refuse_other_account(
    tx: Connection, refund_id: uuid.UUID, account: BankAccount, *, unnamed: str
) -> None:
    stored = await refunds.account_of(tx, refund_id)
    if stored != account:
        raise Refusal(Kind.CONFLICT, unnamed if stored is None else "refund.other_account")


def _refundable(order: Order, item_id: uuid.UUID, pieces: int) -> tuple[Item, Payment]:
    item = order.item(item_id)
    if item is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    payment = order.credited_payment
    if payment is None or payment.state is not PaymentState.SETTLED or not may_be_refunded(item.state):
        raise Refusal(Kind.CONFLICT, "refund.not_possible")
    if pieces < 1:
        raise Refusal(Kind.INVALID, "refund.pieces")
    if pieces > item.quantity - item.refunded_quantity:
        available = item.quantity - item.refunded_quantity
        raise Refusal(Kind.CONFLICT, "refund.more_than_unused", available=available)
    if item.state is ItemState.REFUSED and pieces != item.quantity:
        raise Refusal(Kind.INVALID, "refund.whole_document", pieces=item.quantity)
    return item, payment


async def _give_back(
    tx: Connection,
    order: Order,
    item: Item,
    pieces: int,
    *,
    account: BankAccount | None,
    proof_id: uuid.UUID,
    wait: timedelta,
    now: datetime,
) -> None:
    """Gives pieces back. The ledger says whether they are unused, also while others are stamping."""
    given_back = item.refunded_quantity
    try:
        async with tx.transaction():
            await refunds.ask_refund(
                tx,
                item.id,
                pieces,
                given_back=given_back,
                account=account,
                proof_id=proof_id,
                wait=wait,
                now=now,
            )
    except Refusal as refusal:
        if refusal.code != "ledger.insufficient":
            raise
        assert item.lot_account_id is not None
        assert order.customer_id is not None
        lot = await ledger_queries.lot_of(tx, item.lot_account_id, customer_id=order.customer_id)
        available = lot.available if lot else 0
        raise Refusal(Kind.CONFLICT, "refund.more_than_unused", available=available) from refusal
