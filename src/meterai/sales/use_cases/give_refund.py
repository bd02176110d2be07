"""A refund by hand: two officers decide that unused stamps of a paid order are given back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel.ids import derived_id
from meterai.kernel.money import format_rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import ItemState, OrderState, RefundChannel, RefundState
from meterai.sales.queries.refundable import may_be_refunded
from meterai.sales.store import given_refunds
from meterai.sales.store.given_refunds import ItemInHand

KIND: Final = "refund.give"
STATES: Final = frozenset({OrderState.PAID, OrderState.COMPLETED})
"""Of orders whose stamps may be given back."""
_PERSONAL: Final = ("account", "holder")
"""Facts that stand beside the entry of the audit trail, and are forgotten with the refund's account."""


class RefundToGive(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer wants to give back, and why."""

    order: str
    """Its number, in any spelling."""
    item: int
    """Its place in the order, from 1 on."""
    pieces: int
    reason: str
    """It names nobody: it stays in the audit trail."""
    account: BankAccount | None = None
    """Where the money goes that the gateway can't return; made by `read_bank_account`. None: the customer
    names it."""


class PreparedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund by hand as two officers decide about it."""

    subject: str
    """The refund's id. It is made from the item and what went back before, so no release gives twice."""
    facts: dict[str, object]
    person: str | None
    """The customer, if their account stands in the facts."""
    unused: int
    """Pieces that could be given back."""
    amount: int
    way_back: RefundChannel


class GivenRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is owed from now on."""

    number: str
    """Of its order."""
    pieces: int
    amount: int
    way_back: RefundChannel
    state: RefundState


async def prepare_refund(db: Database, wanted: RefundToGive) -> PreparedRefund:
    """Looks at what would be given back, for officers who are to sign it. Nothing changes.

    Raises: Refusal NOT_FOUND `support.no_order`, `order.no_such_item`; INVALID `refund.pieces`,
    `refund.whole_document`; CONFLICT `refund.not_possible`, `refund.more_than_unused` (`available`),
    `refund.no_account_needed`.
    """
    async with db.transaction() as tx:
        item = await given_refunds.item_in_hand(tx, wanted.order, wanted.item)
    way_back = _refuse(item, wanted.pieces, has_account=wanted.account is not None)
    return PreparedRefund(
        subject=str(derived_id("refund", item.item_id, item.given_back)),
        facts=_facts(item, wanted),
        person=str(item.customer_id) if wanted.account else None,
        unused=item.unused,
        amount=item.price * wanted.pieces,
        way_back=way_back,
    )


@on_open_day
async def give_refund(
    db: Database, subject: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> GivenRefund:
    """Gives the stamps of a `PreparedRefund` back and owes their price, in one step.

    The money goes back as after a customer's request (`refund_quota`). All contacts of the customer are told.

    Raises: what `prepare_refund` raises; Refusal CONFLICT `refund.given_meanwhile`: pieces of the item went
    back since; FORBIDDEN `officer.unsigned`: two officers have not released exactly this.
    """
    async with db.transaction() as tx:
        return await give_refund_in(tx, subject, facts, actor=actor, now=now)


async def give_refund_in(
    tx: Connection, subject: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> GivenRefund:
    """Does what `give_refund` does, in the transaction of an officer's signature."""
    order, place = str(facts["order"]), int(str(facts["item"]))
    item, pieces = await given_refunds.item_in_hand(tx, order, place), int(str(facts["pieces"]))
    if item.given_back != facts["given_back_before"]:
        raise Refusal(Kind.CONFLICT, "refund.given_meanwhile")
    way_back = _refuse(item, pieces, has_account="account" in facts)
    try:
        async with tx.transaction():
            state = await given_refunds.give(tx, uuid.UUID(subject), facts, now)
    except Refusal as refusal:
        if refusal.code != "ledger.insufficient":
            raise
        available = (await given_refunds.item_in_hand(tx, order, place)).unused
        raise Refusal(Kind.CONFLICT, "refund.more_than_unused", available=available) from refusal
    await _write(tx, subject, facts, person=item.customer_id, actor=actor, now=now)
    return GivenRefund(
        number=item.number, pieces=pieces, amount=item.price * pieces, way_back=way_back, state=state
    )


def in_words(given: GivenRefund) -> str:
    """Says to an officer what was done, and what becomes of the money."""
    money = f"Stamps of order {given.number} given back: {given.pieces:,}. {format_rupiah(given.amount)}"
    if given.way_back is RefundChannel.GATEWAY:
        return f"{money} goes back by the gateway."
    if given.state is RefundState.PAYABLE:
        return f"{money} goes to the account after the wait."
    return f"{money} waits until the customer names an account."


def _refuse(item: ItemInHand, pieces: int, *, has_account: bool) -> RefundChannel:
    """Refuses what can't be given back. Returns how the money goes back."""
    if item.way_back is None or not may_be_refunded(item.state):
        raise Refusal(Kind.CONFLICT, "refund.not_possible")
    if pieces < 1:
        raise Refusal(Kind.INVALID, "refund.pieces")
    if pieces > item.unused:
        raise Refusal(Kind.CONFLICT, "refund.more_than_unused", available=item.unused)
    if item.state is ItemState.REFUSED and pieces != item.quantity:
        raise Refusal(Kind.INVALID, "refund.whole_document", pieces=item.quantity)
    if has_account and item.way_back is RefundChannel.GATEWAY:
        raise Refusal(Kind.CONFLICT, "refund.no_account_needed")
    return item.way_back


def _facts(item: ItemInHand, wanted: RefundToGive) -> dict[str, object]:
    facts: dict[str, object] = {
        "order": item.number,
        "item": wanted.item,
        "pieces": wanted.pieces,
        "given_back_before": item.given_back,
        "amount": item.price * wanted.pieces,
        "reason": wanted.reason,
    }
    if wanted.account is not None:
        to = wanted.account
        facts |= {"bank": to.bank, "account": to.number, "holder": to.holder}
    return facts


async def _write(
    tx: Connection,
    subject: str,
    facts: Mapping[str, object],
    *,
    person: uuid.UUID | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Writes the decision. Number and holder of an account stand beside the entry, and can be erased."""
    await write_audit(
        tx,
        actor=actor,
        action=KIND,
        subject=subject,
        facts={name: value for name, value in facts.items() if name not in _PERSONAL},
        now=now,
        personal={name: str(facts[name]) for name in _PERSONAL if name in facts},
        person=str(person) if person else None,
    )
