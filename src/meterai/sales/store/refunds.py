"""Refunds: owed from their first row on, paid by the gateway or to an account."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import officers_refusals
from meterai.kit.database import Connection, call
from meterai.ledger import store as ledger
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import RefundChannel, RefundState
from meterai.sales.ports import Channel

_ASK = call("sales.ask_refund", 9)
_NAME = call("sales.name_refund_account", 7)
_STOP = call("sales.stop_refund", 3)
_JUDGE = call("sales.judge_payouts", 3)
_NO_PROOF = "CU001"
_NOT_ALLOWED = "SL003"


class DueRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is due: to be paid, to be asked for, or, once paid, to see whether its payout came
    back."""

    id: uuid.UUID
    order_id: uuid.UUID
    number: str
    payment_reference: str
    payment_channel: Channel
    gateway: str
    """Of the payment."""
    amount: int
    channel: RefundChannel
    state: RefundState
    bank: str | None
    account_number: str | None
    account_holder: str | None
    reference: str | None
    round: int
    attempts: int
    asked_before: datetime | None
    """Since when the provider may have the payout, before this attempt; None: it can't have it."""
    failure_code: str | None
    """Why the last attempt failed."""
    paid_at: datetime | None

    def __repr__(self) -> str:
        return f"DueRefund(id={self.id}, state={self.state})"  # no personal data in logs


async def ask_refund(
    tx: Connection,
    item_id: uuid.UUID,
    pieces: int,
    *,
    given_back: int,
    account: BankAccount | None,
    proof_id: uuid.UUID,
    wait: timedelta,
    now: datetime,
) -> None:
    """Takes unused pieces out of an item's lot, owes their price, and uses the proof up.

    The database computes the rest from the item and its payment (`sales.ask_refund`). A payout without an
    account waits for one. The first account is round 1, whether it comes with the request or later.

    Raises: Refusal CONFLICT `ledger.insufficient`: they are not unused; FORBIDDEN `refund.prove_first`.
    """
    to = (account.bank, account.number, account.holder) if account else (None, None, None)
    with proof_refusals(), ledger.refusals():
        await tx.execute(_ASK, item_id, pieces, given_back, *to, proof_id, wait, now)


async def account_of(tx: Connection, refund_id: uuid.UUID) -> BankAccount | None:
    """The account to which a refund goes, if one was named."""
    row = await tx.fetchrow(
        """SELECT bank, account_number AS number, account_holder AS holder FROM sales.refund
           WHERE id = $1 AND account_number IS NOT NULL""",
        refund_id,
    )
    return None if row is None else BankAccount(**dict(row))


async def name_account(
    tx: Connection,
    refund_id: uuid.UUID,
    account: BankAccount,
    *,
    proof_id: uuid.UUID,
    wait: timedelta,
    now: datetime,
) -> None:
    """Writes the account to which a refund goes after `wait`, as a payout of its own; uses the proof up.

    Raises: Refusal FORBIDDEN `refund.prove_first`; CONFLICT `refund.other_account`: it was named before
    officers moved the order to another contact.
    """
    to = (account.bank, account.number, account.holder)
    try:
        with proof_refusals():
            await tx.execute(_NAME, refund_id, *to, proof_id, wait, now)
    except asyncpg.PostgresError as error:
        if error.sqlstate == _NOT_ALLOWED:
            raise Refusal(Kind.CONFLICT, "refund.other_account") from error
        raise


@contextmanager
def proof_refusals() -> Iterator[None]:
    """Turns the database's word that a proof is missing into a refusal."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == _NO_PROOF:
            raise Refusal(Kind.FORBIDDEN, "refund.prove_first") from error
        raise


async def stop_refund(tx: Connection, refund_id: uuid.UUID, naming: int, now: datetime) -> str | None:
    """Stops a payout; gives what `sales.stop_refund` gives."""
    outcome: str | None = await tx.fetchval(_STOP, refund_id, naming, now)
    return outcome


async def judge_payouts(connection: Connection, *, above: int, wait: timedelta, now: datetime) -> int:
    """Judges payouts whose account was named; gives how many wait for officers: see `sales.judge_payouts`."""
    waiting: int = await connection.fetchval(_JUDGE, above, wait, now)
    return waiting


async def claim_due(
    connection: Connection, now: datetime, *, limit: int, lease_until: datetime
) -> list[DueRefund]:
    """Takes due refunds, those to be paid before paid ones whose payouts are looked at.

    Payouts to a named account are left out until they were judged and, if needed, released. Other workers
    don't see what was taken until `lease_until`."""
    rows = await connection.fetch(
        """
        WITH due AS MATERIALIZED (
            SELECT id, asked_since FROM sales.refund
            WHERE next_attempt_at <= $1 AND (account_number IS NULL OR NOT needs_release OR released_at <= $1)
            ORDER BY state = 'paid', next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE sales.refund r SET next_attempt_at = $3, attempts = r.attempts + 1,
            asked_since = CASE WHEN r.channel = 'payout' THEN coalesce(r.asked_since, $1) END
        FROM due, sales.orders o, sales.payment p
        WHERE r.id = ANY (ARRAY(SELECT id FROM due))  -- an array: planned as few
            AND due.id = r.id AND o.id = r.order_id AND p.id = r.payment_id
        RETURNING r.id, r.order_id, o.number, p.reference AS payment_reference, p.channel AS payment_channel,
            p.gateway, r.amount, r.channel, r.state, r.bank, r.account_number, r.account_holder, r.reference,
            r.round, r.attempts, due.asked_since AS asked_before, r.failure_code, r.paid_at
        """,
        now,
        limit,
        lease_until,
    )
    return [msgspec.convert(dict(row), DueRefund, builtin_types=(uuid.UUID, datetime)) for row in rows]


class RefundInHand(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as an officer decides about it: without account and contact."""

    id: uuid.UUID
    order_id: uuid.UUID
    number: str
    """Of its order."""
    customer_id: uuid.UUID | None
    amount: int
    channel: RefundChannel
    state: RefundState
    round: int
    failure_code: str | None


async def lock_in_hand(tx: Connection, refund_id: uuid.UUID) -> RefundInHand | None:
    """Locks the order of a refund and reads the refund; None for an unknown one."""
    row = await tx.fetchrow(call("sales.refund_in_hand", 1, whole_row=True), refund_id)
    if row is None or row["id"] is None:
        return None
    return msgspec.convert(dict(row), RefundInHand, builtin_types=(uuid.UUID,))


async def order_of(connection: Connection, refund_id: uuid.UUID) -> uuid.UUID | None:
    """The order that a refund belongs to; None for an unknown one."""
    found: uuid.UUID | None = await connection.fetchval(
        "SELECT order_id FROM sales.refund WHERE id = $1", refund_id
    )
    return found


async def namings_of(connection: Connection, refund_id: uuid.UUID) -> int | None:
    """How often an account was named for a refund; None for an unknown one."""
    found: int | None = await connection.fetchval("SELECT namings FROM sales.refund WHERE id = $1", refund_id)
    return found


async def put_off(
    connection: Connection, due: DueRefund, until: datetime, why: str | None, *, is_asked: bool
) -> None:
    """Writes that a refund, if it is as claimed, is tried again at `until`. `is_asked`: a provider may have
    its payout."""
    changes = "next_attempt_at = $5, failure_code = $6, asked_since = CASE WHEN $7 THEN asked_since END"
    await _change_as_claimed(connection, due, changes, until, why, is_asked)


async def _change_as_claimed(connection: Connection, due: DueRefund, changes: str, *values: object) -> bool:
    """Writes `changes`, whose values count from $5 on; True when it did.

    Nothing is written to a refund that has moved on, or that another worker took since."""
    done = await connection.fetchval(
        f"""UPDATE sales.refund SET {changes}
            WHERE id = $1 AND state = $2 AND round = $3 AND attempts = $4 RETURNING true""",  # noqa: S608
        due.id,
        due.state,
        due.round,
        due.attempts,
        *values,
    )
    return done is not None


async def send(tx: Connection, refund_id: uuid.UUID, reference: str, ask_at: datetime) -> None:
    """Writes that the payout provider has a refund, and when it is asked how it went."""
    await tx.execute("SELECT sales.send_refund($1, $2, $3)", refund_id, reference, ask_at)


async def pay(
    tx: Connection, refund_id: uuid.UUID, reference: str, now: datetime, *, look_at: datetime | None
) -> None:
    """Books a refund as paid, and its item as refunded with the last of its money.

    `look_at`: when the payout provider is asked whether it came back.
    """
    with ledger.refusals():
        await tx.execute("SELECT sales.pay_refund($1, $2, $3, $4)", refund_id, reference, look_at, now)


async def end(
    tx: Connection, refund_id: uuid.UUID, reference: str, facts: dict[str, object], now: datetime
) -> None:
    """Books a refund in doubt as paid and tells the customer, by the word of two officers.

    `facts`: those that they released.
    """
    with officers_refusals(), ledger.refusals():
        await tx.execute("SELECT operations.end_refund($1, $2, $3, $4)", refund_id, reference, facts, now)


async def order_again(tx: Connection, refund_id: uuid.UUID, facts: dict[str, object], now: datetime) -> bool:
    """Makes a payout that its provider never had payable again, by the word of two officers; see `retry`."""
    with officers_refusals(), ledger.refusals():
        again: bool = await tx.fetchval("SELECT operations.order_again($1, $2, $3)", refund_id, facts, now)
    return again


async def retry(tx: Connection, refund_id: uuid.UUID, why: str, now: datetime, *, next_at: datetime) -> bool:
    """Makes a refund payable once more at `next_at`, to the same account, as a payout of its own.

    If the bank took its payment back, it is set off against that instead: False.
    """
    with ledger.refusals():
        again: bool = await tx.fetchval(
            "SELECT sales.retry_refund($1, $2, $3, $4)", refund_id, why, next_at, now
        )
    return again


async def refuse(tx: Connection, refund_id: uuid.UUID, why: str, now: datetime) -> bool:
    """Writes that a refund needs an account, or another one; the refused account is forgotten.

    A payout that had arrived is owed again. If the bank took the payment back, the refund is set off against
    that instead: False.
    """
    with ledger.refusals():
        needs_account: bool = await tx.fetchval("SELECT sales.refuse_refund($1, $2, $3)", refund_id, why, now)
    return needs_account


async def take_out_of_doubt(connection: Connection, due: DueRefund) -> bool:
    """Takes a refund off the list for officers. False: it is not as it was claimed."""
    return await _change_as_claimed(connection, due, "failure_code = NULL")


async def look_again(connection: Connection, due: DueRefund, at: datetime | None) -> None:
    """Writes when the payout of a paid refund, if it is as claimed, is looked at again; None: never."""
    await _change_as_claimed(connection, due, "next_attempt_at = $5", at)
