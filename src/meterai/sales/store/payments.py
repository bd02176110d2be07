"""Attempts to pay, and the notices that speak of them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.ledger import store as ledger
from meterai.sales.model import ASKED_FOR, PaymentOutcome, PaymentState
from meterai.sales.order import Payment
from meterai.sales.ports import Charge
from meterai.sales.store import drafts

FIRST_POLL_AFTER = timedelta(seconds=12)
"""After a charge was asked for. Longer than the call may take, so that the poller doesn't run beside it."""
UNREAD_FOR = timedelta(minutes=15)
"""How long after a notice the gateway is asked often, also about a closed attempt."""


class DuePayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose status is to be fetched."""

    order_id: uuid.UUID
    gateway: str
    reference: str
    state: PaymentState
    again_at: datetime
    """When it is due again if nothing else is written."""


async def place(
    tx: Connection,
    order_id: uuid.UUID,
    payment: Payment,
    *,
    held_until: datetime,
    customer_max: int,
) -> None:
    """Places a draft: holds its stamps until `held_until` and writes its first attempt to pay.

    The database takes price and stamps from the order's items (`sales.place_order`).

    Raises: Refusal CONFLICT `ledger.insufficient`; `order.unpaid_before`: the unpaid orders of its customer
    would hold more than `customer_max` stamps; `stock.held`: it is of quota, of which it and other unpaid
    orders hold more than is left in stock; `order.needs_npwp`, `order.large_before`: it is large, and names
    no NPWP, or another one of its buyer is unpaid; `order.of_probe`: the probe may not order this now;
    `order.price_changed`: the price of the day is another since a moment; NOT_FOUND `ledger.unknown`.
    """
    try:
        await tx.execute(
            "SELECT sales.place_order($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            order_id,
            payment.id,
            payment.gateway,
            payment.channel,
            payment.expires_at,
            held_until,
            payment.created_at + FIRST_POLL_AFTER,
            customer_max,
            payment.created_at,
        )
    except asyncpg.PostgresError as error:
        raise _refusal_to_place(error) or ledger.refusal_of(error) from error


def _refusal_to_place(error: asyncpg.PostgresError) -> Refusal | None:
    """The refusal of `sales.place_order` that a database error stands for."""
    match error.sqlstate:
        case "SL001":
            return Refusal(Kind.CONFLICT, "order.unpaid_before")
        case "SL002":
            return Refusal(Kind.CONFLICT, "stock.held")
        case "SL005":
            return Refusal(Kind.CONFLICT, "order.needs_npwp")
        case "SL006":
            return Refusal(Kind.CONFLICT, "order.large_before")
        case drafts.OF_PROBE:
            return Refusal(Kind.CONFLICT, "order.of_probe")
        case "SL004":
            return Refusal(Kind.CONFLICT, "order.price_changed")
    return None


async def add_attempt(tx: Connection, order_id: uuid.UUID, payment: Payment, *, look_at: datetime) -> None:
    """Writes one more attempt to pay an order that is placed already, which can be paid as long as this one.

    The open attempt is cancelled, and its status is fetched at `look_at`.
    """
    await tx.execute(
        "SELECT sales.add_attempt($1, $2, $3, $4, $5, $6, $7, $8)",
        order_id,
        payment.id,
        payment.gateway,
        payment.channel,
        payment.expires_at,
        payment.created_at + FIRST_POLL_AFTER,
        look_at,
        payment.created_at,
    )


async def store_charge(connection: Connection, charge: Charge, poll_at: datetime) -> None:
    """Writes what the payer needs; an attempt that has ended meanwhile is left as it is.

    Nobody waits for the disk here: should a crash of the database forget it, the poller asks again under the
    same reference.
    """
    await connection.execute(
        "SELECT sales.store_charge($1, $2, $3, $4, $5, $6, $7, $8)",
        charge.reference,
        charge.transaction_id,
        charge.qr_text,
        charge.va_number,
        charge.biller_code,
        charge.pay_url,
        charge.payment_page_url,
        poll_at,
    )


async def close_attempt(
    connection: Connection, reference: str, state: PaymentState, poll_at: datetime
) -> None:
    """Ends an open attempt without money. It is still polled for a while: money may come late."""
    await connection.execute("SELECT sales.close_attempt($1, $2, $3)", reference, state, poll_at)


async def reverse(tx: Connection, payment_id: uuid.UUID, now: datetime) -> None:
    """Books that the bank took a payment back, and sets off what we owe for it (`sales.reverse_payment`).

    Raises: Refusal CONFLICT `ledger.insufficient` when a document takes stamps in the same moment.
    """
    with ledger.refusals():
        await tx.execute("SELECT sales.reverse_payment($1, $2)", payment_id, now)


async def take_back_freed(tx: Connection, order_id: uuid.UUID, now: datetime) -> None:
    """Takes back the unused stamps of an order whose payment was reversed. Raises: what `reverse` does."""
    with ledger.refusals():
        await tx.execute("SELECT sales.take_back_freed($1, $2)", order_id, now)


async def settle(
    tx: Connection,
    payment_id: uuid.UUID,
    outcome: PaymentOutcome,
    *,
    transaction_id: str,
    paid_amount: int,
    gateway_cost: int,
    asked_at: datetime,
    now: datetime,
) -> None:
    """Books money that came, and writes what follows: order and items as paid, or a refund as owed.

    The database refuses an outcome that does not fit order and payment (`sales.settle_payment`).

    Notices that came after `asked_at`, when the gateway was asked, are not done: the payment is polled again.
    Other open attempts of a credited order are cancelled, and polled at once so that the gateway closes them.

    Raises: Refusal CONFLICT `ledger.insufficient` when an expired order would be credited and no stock is
    left.
    """
    with ledger.refusals():
        await tx.execute(
            "SELECT sales.settle_payment($1, $2, $3, $4, $5, $6, $7)",
            payment_id,
            transaction_id,
            paid_amount,
            outcome,
            gateway_cost,
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
    """Stores a notice as it came, and asks the workers to settle its payment; False for a copy.

    Should no worker do so, the payment is polled at `poll_at`, or at most 5 s later.

    For an open payment the call does not wait for the disk: see `sales.store_notice`.
    """
    is_new: bool = await connection.fetchval(
        "SELECT sales.store_notice($1, $2, $3, $4, $5, $6, $7)",
        notice_id,
        gateway,
        event_key,
        reference,
        raw,
        now,
        poll_at,
    )
    return is_new


async def ask_to_settle(connection: Connection, reference: str, now: datetime) -> None:
    """Asks the workers to settle a payment."""
    await connection.execute("SELECT sales.ask_to_settle($1, $2)", reference, now)


async def is_settled(connection: Connection, reference: str) -> bool:
    """Whether the money of a payment is booked."""
    settled: bool = await connection.fetchval(
        "SELECT settled_at IS NOT NULL FROM sales.payment WHERE reference = $1", reference
    )
    return settled


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
    - So is a cancelled one that could still be paid, until the gateway has answered: it is closed there.
    - Any other attempt is due every 5 minutes until the gateway has answered: see `note_answer`.
    """
    rows = await connection.fetch(
        """
        UPDATE sales.payment p SET polls = p.polls + 1, asked_at = $1, poll_at = $1 + CASE
            WHEN p.state IN ('creating', 'pending') OR p.state = 'cancelled' AND p.expires_at > $1 OR EXISTS (
                SELECT FROM sales.notice n WHERE n.reference = p.reference AND n.processed_at IS NULL
                    AND n.received_at > $1 - $3::interval)
                THEN least(greatest(($1 - p.created_at) / 2, interval '10 s'), interval '30 s')
            ELSE interval '5 min' END
        WHERE p.id = ANY (ARRAY(
            SELECT id FROM sales.payment WHERE poll_at <= $1
            ORDER BY poll_at LIMIT $2 FOR UPDATE SKIP LOCKED))  -- an array: planned as few
        RETURNING p.order_id, p.gateway, p.reference, p.state, p.poll_at AS again_at
        """,
        now,
        limit,
        UNREAD_FOR,
    )
    return [
        DuePayment(
            order_id=row["order_id"],
            gateway=row["gateway"],
            reference=row["reference"],
            state=PaymentState(row["state"]),
            again_at=row["again_at"],
        )
        for row in rows
    ]


async def make_open_due(connection: Connection, before: datetime) -> None:
    """Makes the open attempts due that were made by `before` and of which nobody asked since."""
    await connection.execute(
        """UPDATE sales.payment SET poll_at = $1
           WHERE state IN ('creating', 'pending') AND created_at <= $1 AND poll_at > $1
               AND (asked_at IS NULL OR asked_at < $1)""",
        before,
    )


async def asked_at(connection: Connection, order_id: uuid.UUID) -> datetime | None:
    """When the gateway was last asked about a payment of an order."""
    asked: datetime | None = await connection.fetchval(
        "SELECT max(asked_at) FROM sales.payment WHERE order_id = $1", order_id
    )
    return asked


async def last_asked_at(connection: Connection) -> datetime | None:
    """When the gateway was last asked about any payment."""
    asked: datetime | None = await connection.fetchval("SELECT max(asked_at) FROM sales.payment")
    return asked


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
