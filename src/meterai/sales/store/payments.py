"""Attempts to pay, and the notices that speak of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.sales.model import ASKED_FOR, ItemState, OrderState, PaymentOutcome, PaymentState
from meterai.sales.order import Payment
from meterai.sales.ports import Charge

FIRST_POLL_AFTER = timedelta(seconds=12)
"""After a charge was asked for. Longer than the call may take, so that the poller doesn't run beside it."""
UNREAD_FOR = timedelta(minutes=15)
"""How long after a notice the gateway is asked often, also about a closed attempt."""


class DuePayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose status is to be fetched."""

    order_id: uuid.UUID
    reference: str
    state: PaymentState
    again_at: datetime
    """When it is due again if nothing else is written."""


_INSERT = """
    INSERT INTO sales.payment
        (id, order_id, gateway, channel, reference, amount, state, created_at, expires_at, poll_at)
    VALUES ($2, $1, $3, $4, $5, $6, 'creating', $7, $8, $9)
"""
_PLACE = f"""
    WITH placed AS (
        UPDATE sales.orders SET state = 'awaiting_payment', placed_at = $7, expires_at = $8 WHERE id = $1
    ), lots AS (
        UPDATE sales.item i SET lot_account_id = l.account_id
        FROM unnest($10::uuid[], $11::uuid[]) AS l(item_id, account_id) WHERE i.id = l.item_id
    )
    {_INSERT}
"""  # noqa: S608 - two constants


async def place(
    tx: Connection, order_id: uuid.UUID, payment: Payment, *, lots: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> None:
    """Writes an order as placed, its first attempt to pay, and the lots (item, account) that it will buy."""
    items, accounts = [item for item, _ in lots], [account for _, account in lots]
    await tx.execute(_PLACE, *_attempt(order_id, payment), items, accounts)


async def limit_unpaid(tx: Connection, order_id: uuid.UUID, stock: uuid.UUID, customer_max: int) -> None:
    """Refuses an order placed a moment ago, its stamps held, when unpaid orders hold too much with it.

    Raises: Refusal CONFLICT `order.unpaid_before`: more than `customer_max` stamps for its customer;
    `stock.held`: it is of quota, of which it and other unpaid orders hold more than is left in `stock`.
    """
    try:
        await tx.execute("SELECT sales.limit_unpaid($1, $2, $3)", order_id, stock, customer_max)
    except asyncpg.PostgresError as error:
        raise too_much_unpaid(error) or error from error


def too_much_unpaid(error: asyncpg.PostgresError) -> Refusal | None:
    """The refusal of `sales.limit_unpaid` that a database error stands for."""
    match error.sqlstate:
        case "SL001":
            return Refusal(Kind.CONFLICT, "order.unpaid_before")
        case "SL002":
            return Refusal(Kind.CONFLICT, "stock.held")
    return None


async def add_attempt(tx: Connection, order_id: uuid.UUID, payment: Payment) -> None:
    """Writes one more attempt to pay an order that is placed already."""
    await tx.execute(_INSERT, *_attempt(order_id, payment))


def _attempt(order_id: uuid.UUID, payment: Payment) -> tuple[object, ...]:
    return (
        order_id,
        payment.id,
        payment.gateway,
        payment.channel,
        payment.reference,
        payment.amount,
        payment.created_at,
        payment.expires_at,
        payment.created_at + FIRST_POLL_AFTER,
    )


async def store_charge(connection: Connection, charge: Charge, poll_at: datetime) -> None:
    """Writes what the payer needs; an attempt that has ended meanwhile is left as it is.

    Nobody waits for the disk here: should a crash of the database forget it, the poller asks again under the
    same reference.
    """
    await connection.execute(
        """UPDATE sales.payment SET state = 'pending', transaction_id = $2, qr_text = nullif($3, ''),
               va_number = nullif($4, ''), page_url = nullif($5, ''), poll_at = $6
           WHERE reference = $1 AND state || '' = 'creating'
               AND set_config('synchronous_commit', 'off', true) = 'off'""",
        charge.reference,
        charge.transaction_id,
        charge.qr_text,
        charge.va_number,
        charge.payment_page_url,
        poll_at,
    )


async def close_attempt(
    connection: Connection, reference: str, state: PaymentState, poll_at: datetime
) -> None:
    """Ends an open attempt without money. It is still polled for a while: money may come late."""
    await connection.execute(
        """UPDATE sales.payment SET state = $2, poll_at = $3, lease_until = NULL
           WHERE reference = $1 AND state || '' IN ('creating', 'pending')""",
        reference,
        state,
        poll_at,
    )


async def mark_reversed(tx: Connection, payment_id: uuid.UUID, now: datetime) -> None:
    """Writes that the money of a settled payment was taken back."""
    await tx.execute(
        "UPDATE sales.payment SET state = 'reversed', reversed_at = $2 WHERE id = $1",
        payment_id,
        now,
    )


async def settle(
    tx: Connection,
    order_id: uuid.UUID,
    payment_id: uuid.UUID,
    *,
    reference: str,
    transaction_id: str,
    paid_amount: int,
    outcome: PaymentOutcome,
    gateway_cost: int,
    order_state: OrderState,
    item_states: Sequence[tuple[uuid.UUID, ItemState]],
    asked_at: datetime,
    now: datetime,
) -> None:
    """Writes a payment as settled, its notices as done, and, when it was credited, the order and its items.

    Notices that came after `asked_at`, when the gateway was asked, are not: the payment is polled again.
    Other open attempts of a credited order are cancelled, and polled at once so that the gateway closes them.
    """
    await tx.execute(
        "SELECT sales.write_settled($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        order_id,
        payment_id,
        reference,
        transaction_id,
        paid_amount,
        outcome,
        gateway_cost,
        order_state,
        [item_id for item_id, _ in item_states],
        [state for _, state in item_states],
        asked_at,
        now,
    )


async def store_notice(
    connection: Connection,
    notice_id: uuid.UUID,
    *,
    gateway: str,
    event_key: str,
    reference: str,
    raw: bytes,
    now: datetime,
    poll_at: datetime,
) -> bool:
    """Stores a notice as it came, and has its payment polled at `poll_at`; False when it is stored already.

    A payment that is due within 5 s of that anyway keeps its time. A notice of an unknown payment is stored
    as done. The payment is locked in any case: see `sales.write_settled`.

    For an open payment the call does not wait for the disk; the settlement that follows does. If the database
    crashes in between, the poller asks for the payment all the same.
    """
    is_new: bool = await connection.fetchval(
        """
        WITH known AS (
            SELECT id, poll_at, state IN ('creating', 'pending') AS is_open
            FROM sales.payment WHERE reference = $4 FOR NO KEY UPDATE
        ), soon AS (
            UPDATE sales.payment p SET poll_at = $7::timestamptz FROM known
            WHERE p.id = known.id
                AND (known.poll_at IS NULL OR known.poll_at > $7::timestamptz + interval '5 seconds')
        ), stored AS (
            INSERT INTO sales.notice (id, gateway, event_key, reference, raw, received_at, processed_at)
            SELECT $1, $2, $3, $4, $5, $6, CASE WHEN NOT EXISTS (SELECT FROM known) THEN $6::timestamptz END
            ON CONFLICT (gateway, event_key) DO NOTHING RETURNING 1
        ) SELECT EXISTS (SELECT FROM stored) AS is_new,
            (SELECT set_config('synchronous_commit', 'off', true) FROM known WHERE is_open)
        """,
        notice_id,
        gateway,
        event_key,
        reference,
        raw,
        now,
        poll_at,
    )
    return is_new


async def finish_notices(
    connection: Connection, reference: str, *, asked_at: datetime, now: datetime
) -> None:
    """Marks the notices of an attempt as done that came before the gateway was asked."""
    await connection.execute(
        """UPDATE sales.notice SET processed_at = $3
           WHERE reference = $1 AND processed_at IS NULL AND received_at <= $2""",
        reference,
        asked_at,
        now,
    )


async def claim_due(connection: Connection, now: datetime, *, limit: int) -> list[DuePayment]:
    """Takes attempts whose status is due, and writes when it is due next, so that no other worker takes them.

    - An open attempt is due every 10 to 30 seconds. So is one with a notice within `UNREAD_FOR` that the
      gateway has not answered for since.
    - Any other attempt is due every 5 minutes until the gateway has answered: see `note_answer`.
    """
    rows = await connection.fetch(
        """
        UPDATE sales.payment p SET polls = p.polls + 1, poll_at = $1 + CASE
            WHEN p.state IN ('creating', 'pending') OR EXISTS (
                SELECT FROM sales.notice n WHERE n.reference = p.reference AND n.processed_at IS NULL
                    AND n.received_at > $1 - $3::interval)
                THEN least(greatest(($1 - p.created_at) / 2, interval '10 s'), interval '30 s')
            ELSE interval '5 min' END
        WHERE p.id = ANY (ARRAY(
            SELECT id FROM sales.payment WHERE poll_at <= $1
            ORDER BY poll_at LIMIT $2 FOR UPDATE SKIP LOCKED))  -- an array: planned as few
        RETURNING p.order_id, p.reference, p.state, p.poll_at AS again_at
        """,
        now,
        limit,
        UNREAD_FOR,
    )
    return [
        DuePayment(
            order_id=row["order_id"],
            reference=row["reference"],
            state=PaymentState(row["state"]),
            again_at=row["again_at"],
        )
        for row in rows
    ]


async def note_answer(connection: Connection, due: DuePayment, now: datetime) -> None:
    """Writes when an attempt that was not open is due next, after the gateway's answer was booked.

    An attempt that ended without money is due ever more rarely, for `ASKED_FOR` and once after that. Any
    other is never due again. If its time was changed since it was claimed, as a notice does, that time stays.
    """
    await connection.execute(
        """UPDATE sales.payment SET poll_at = CASE
               WHEN state IN ('expired', 'cancelled', 'failed') AND $3 < expires_at + $4::interval
                   THEN $3 + least(greatest($3 - expires_at, interval '5 min'), interval '12 h')
               END
           WHERE reference = $1 AND poll_at = $2""",
        due.reference,
        due.again_at,
        now,
        ASKED_FOR,
    )
