"""Refunds: owed from their first row on, paid by the gateway or to an account."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Connection
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import ItemState, RefundChannel, RefundReason, RefundState
from meterai.sales.ports import Channel


class DueRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that is due: to be paid, to be asked for, or, once paid, to see whether its payout came
    back."""

    id: uuid.UUID
    order_id: uuid.UUID
    number: str
    payment_reference: str
    payment_channel: Channel
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


async def add_refund(
    tx: Connection,
    refund_id: uuid.UUID,
    order_id: uuid.UUID,
    *,
    payment_id: uuid.UUID,
    item_id: uuid.UUID | None,
    quantity: int,
    amount: int,
    reason: RefundReason,
    channel: RefundChannel,
    account: BankAccount | None,
    now: datetime,
) -> RefundState:
    """Writes a refund as owed; gives its state. A payout without an account waits for one.

    The first account is round 1, whether it comes with the request or later.
    """
    needs_account = channel is RefundChannel.PAYOUT and account is None
    state = RefundState.NEEDS_ACCOUNT if needs_account else RefundState.PAYABLE
    await tx.execute(
        """INSERT INTO sales.refund (id, order_id, item_id, payment_id, quantity, amount, reason,
               channel, state,
               bank, account_number, account_holder, round, next_attempt_at, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)""",
        refund_id,
        order_id,
        item_id,
        payment_id,
        quantity,
        amount,
        reason,
        channel,
        state,
        account.bank if account else None,
        account.number if account else None,
        account.holder if account else None,
        1 if account else 0,
        None if needs_account else now,
        now,
    )
    return state


async def count_refunded(tx: Connection, item_id: uuid.UUID, pieces: int, state: ItemState) -> None:
    """Writes that `pieces` more of an item were given back, and its state."""
    await tx.execute(
        "UPDATE sales.item SET refunded_quantity = refunded_quantity + $2, state = $3 WHERE id = $1",
        item_id,
        pieces,
        state,
    )


async def account_of(tx: Connection, refund_id: uuid.UUID) -> BankAccount | None:
    """The account to which a refund goes, if one was named."""
    row = await tx.fetchrow(
        """SELECT bank, account_number AS number, account_holder AS holder FROM sales.refund
           WHERE id = $1 AND account_number IS NOT NULL""",
        refund_id,
    )
    return None if row is None else BankAccount(**dict(row))


async def set_account(tx: Connection, refund_id: uuid.UUID, account: BankAccount, now: datetime) -> None:
    """Writes the account to which a refund goes; it is payable now, as a payout of its own."""
    await tx.execute(
        """UPDATE sales.refund SET state = 'payable', channel = 'payout', bank = $2, account_number = $3,
               account_holder = $4, round = round + 1, reference = NULL, failure_code = NULL, attempts = 0,
               asked_since = NULL, next_attempt_at = $5 WHERE id = $1""",
        refund_id,
        account.bank,
        account.number,
        account.holder,
        now,
    )


async def claim_due(
    connection: Connection, now: datetime, *, limit: int, lease_until: datetime
) -> list[DueRefund]:
    """Takes due refunds, those to be paid before paid ones whose payouts are looked at.

    Other workers don't see them until `lease_until`."""
    rows = await connection.fetch(
        """
        WITH due AS MATERIALIZED (
            SELECT id, asked_since FROM sales.refund WHERE next_attempt_at <= $1
            ORDER BY state = 'paid', next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE sales.refund r SET next_attempt_at = $3, attempts = r.attempts + 1,
            asked_since = CASE WHEN r.channel = 'payout' THEN coalesce(r.asked_since, $1) END
        FROM due, sales.orders o, sales.payment p
        WHERE r.id = ANY (ARRAY(SELECT id FROM due))  -- an array: planned as few
            AND due.id = r.id AND o.id = r.order_id AND p.id = r.payment_id
        RETURNING r.id, r.order_id, o.number, p.reference AS payment_reference, p.channel AS payment_channel,
            r.amount, r.channel, r.state, r.bank, r.account_number, r.account_holder, r.reference, r.round,
            r.attempts, due.asked_since AS asked_before, r.failure_code, r.paid_at
        """,
        now,
        limit,
        lease_until,
    )
    return [msgspec.convert(dict(row), DueRefund, builtin_types=(uuid.UUID, datetime)) for row in rows]


async def order_of(connection: Connection, refund_id: uuid.UUID) -> uuid.UUID | None:
    """The order that a refund belongs to; None for an unknown one."""
    found: uuid.UUID | None = await connection.fetchval(
        "SELECT order_id FROM sales.refund WHERE id = $1", refund_id
    )
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


async def set_sent(tx: Connection, refund_id: uuid.UUID, reference: str, ask_at: datetime) -> None:
    """Writes that the payout provider has a refund, and when it is asked how it went."""
    await tx.execute(
        """UPDATE sales.refund SET state = 'sent', reference = $2, next_attempt_at = $3, attempts = 0,
               failure_code = NULL WHERE id = $1""",
        refund_id,
        reference,
        ask_at,
    )


async def pay_again(tx: Connection, refund_id: uuid.UUID, at: datetime, why: str | None) -> None:
    """Writes that a refund is payable once more at `at`, to the same account, as a payout of its own."""
    await tx.execute(
        """UPDATE sales.refund SET state = 'payable', round = round + 1, reference = NULL, failure_code = $3,
               attempts = 0, asked_since = NULL, next_attempt_at = $2 WHERE id = $1""",
        refund_id,
        at,
        why,
    )


async def set_needs_account(tx: Connection, refund_id: uuid.UUID, why: str) -> None:
    """Writes that a refund needs an account, or another one; the refused account is forgotten."""
    await tx.execute(
        """UPDATE sales.refund SET state = 'needs_account', channel = 'payout', failure_code = $2,
               bank = NULL, account_number = NULL, account_holder = NULL, next_attempt_at = NULL,
               paid_at = NULL
           WHERE id = $1""",
        refund_id,
        why,
    )


async def take_out_of_doubt(connection: Connection, due: DueRefund) -> bool:
    """Takes a refund off the list for officers. False: it is not as it was claimed."""
    return await _change_as_claimed(connection, due, "failure_code = NULL")


async def set_paid(
    tx: Connection, refund_id: uuid.UUID, reference: str, now: datetime, *, look_at: datetime | None = None
) -> None:
    """Writes a refund as paid. `look_at`: when the payout provider is asked whether it came back."""
    await tx.execute(
        """UPDATE sales.refund SET state = 'paid', reference = $2, paid_at = $3, next_attempt_at = $4,
               failure_code = NULL WHERE id = $1""",
        refund_id,
        reference,
        now,
        look_at,
    )


async def look_again(connection: Connection, due: DueRefund, at: datetime | None) -> None:
    """Writes when the payout of a paid refund, if it is as claimed, is looked at again; None: never."""
    await _change_as_claimed(connection, due, "next_attempt_at = $5", at)
