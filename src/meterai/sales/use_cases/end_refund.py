"""An officer's decision about a refund whose money went out in another way, or may have."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.model import (
    IN_DOUBT,
    PAYOUT_MISSING,
    PAYOUT_UNAPPROVED,
    PAYOUT_UNCOVERED,
    PAYOUT_UNSURE,
    RefundTransition,
    next_refund_state,
    refund_key,
)
from meterai.sales.store import refunds
from meterai.sales.store.refunds import RefundInHand

DECIDED: Final[Mapping[str, frozenset[str]]] = {
    "refund.end": frozenset(IN_DOUBT) - {PAYOUT_UNAPPROVED},
    "refund.again": frozenset({PAYOUT_UNSURE, PAYOUT_MISSING}),
}
"""The failures about which officers decide so."""


class RefundToDecide(msgspec.Struct, frozen=True, kw_only=True):
    """What two officers decide about."""

    facts: dict[str, object]
    person: str | None
    """The customer whose values may stand in the facts."""
    failure_code: str | None
    """Why it is in doubt."""


class DecidedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund after the officer's decision."""

    number: str
    """Of its order."""
    amount: int
    goes_out: bool = False
    """A payout of it is ordered now."""


@on_open_day
async def end_refund(
    db: Database, refund_id: uuid.UUID, *, reason: str, actor: str | Actor, now: datetime
) -> DecidedRefund:
    """Books a refund in doubt as paid, however its money went out. No money moves.

    Raises: Refusal NOT_FOUND `refund.unknown`; CONFLICT `refund.not_in_doubt`: nobody needs to end it;
    `refund.unapproved`: somebody approves or rejects it at the provider; FORBIDDEN `officer.unsigned`: two
    officers have not released it.
    """
    async with db.transaction() as tx:
        return await end_refund_in(tx, refund_id, reason=reason, actor=actor, now=now)


async def end_refund_in(
    tx: Connection, refund_id: uuid.UUID, *, reason: str, actor: str | Actor, now: datetime
) -> DecidedRefund:
    """Does what `end_refund` does, in the transaction of an officer's signature."""
    refund = await _lock_in_doubt(tx, refund_id)
    key = refund_key(refund.id, refund.channel, refund.round)
    next_refund_state(refund.state, RefundTransition.PAY)
    await refunds.end(tx, refund.id, key, _facts(refund, reason), now)
    await _write(tx, "refund.end", refund, reason=reason, actor=actor, now=now)
    return DecidedRefund(number=refund.number, amount=refund.amount)


@on_open_day
async def order_payout_again(
    db: Database, refund_id: uuid.UUID, *, reason: str, actor: str | Actor, now: datetime
) -> DecidedRefund:
    """Orders a payout again under a new id, after somebody has seen that the provider never had it.

    If the bank took the payment back meanwhile, the refund is set off against it instead.

    Raises: what `end_refund` does; Refusal CONFLICT `refund.not_unsure`: it was paid under the same id, in
    another way; `refund.uncovered`: the gateway does not say that it has the payment.
    """
    async with db.transaction() as tx:
        return await order_payout_again_in(tx, refund_id, reason=reason, actor=actor, now=now)


async def order_payout_again_in(
    tx: Connection, refund_id: uuid.UUID, *, reason: str, actor: str | Actor, now: datetime
) -> DecidedRefund:
    """Does what `order_payout_again` does, in the transaction of an officer's signature."""
    refund = await _lock_in_doubt(tx, refund_id)
    _refuse_second_payout(refund)
    goes_out = await refunds.order_again(tx, refund.id, _facts(refund, reason), now)
    await _write(tx, "refund.again", refund, reason=reason, actor=actor, now=now)
    return DecidedRefund(number=refund.number, amount=refund.amount, goes_out=goes_out)


async def prepare_decision(db: Database, refund_id: uuid.UUID, *, reason: str, again: bool) -> RefundToDecide:
    """Looks at a refund before officers sign. `again`: its payout is to be ordered again.

    Raises: what the decision raises.
    """
    async with db.transaction() as tx:
        refund = await _lock_in_doubt(tx, refund_id)
        if again:
            _refuse_second_payout(refund)
        return RefundToDecide(
            facts=_facts(refund, reason), person=_person(refund), failure_code=refund.failure_code
        )


def _refuse_second_payout(refund: RefundInHand) -> None:
    if refund.failure_code == PAYOUT_UNCOVERED:
        raise Refusal(Kind.CONFLICT, "refund.uncovered")
    if refund.failure_code not in DECIDED["refund.again"]:
        raise Refusal(Kind.CONFLICT, "refund.not_unsure")
    next_refund_state(refund.state, RefundTransition.GO_AGAIN)


def _facts(refund: RefundInHand, reason: str) -> dict[str, object]:
    return {"order": refund.number, "amount": refund.amount, "reason": reason}


def _person(refund: RefundInHand) -> str | None:
    return str(refund.customer_id) if refund.customer_id else None


async def _write(
    tx: Connection,
    action: str,
    refund: RefundInHand,
    *,
    reason: str,
    actor: str | Actor,
    now: datetime,
) -> None:
    """Writes the decision. Its reason often names an account, so it is a personal value."""
    await write_audit(
        tx,
        actor=actor,
        action=action,
        subject=str(refund.id),
        facts={"order": refund.number, "amount": refund.amount},
        now=now,
        personal={"reason": reason},
        person=_person(refund),
    )


async def _lock_in_doubt(tx: Connection, refund_id: uuid.UUID) -> RefundInHand:
    refund = await refunds.lock_in_hand(tx, refund_id)
    if refund is None:
        raise Refusal(Kind.NOT_FOUND, "refund.unknown")
    if refund.failure_code not in IN_DOUBT:
        raise Refusal(Kind.CONFLICT, "refund.not_in_doubt")
    if refund.failure_code == PAYOUT_UNAPPROVED:
        raise Refusal(Kind.CONFLICT, "refund.unapproved")
    return refund
