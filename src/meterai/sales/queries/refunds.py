"""Refunds that are still to be paid, and those that an officer must look at."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Connection, Database
from meterai.sales.model import IN_DOUBT, RefundChannel
from meterai.sales.queries.rows import read_row


class RefundInDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that waits for an officer: see `model.IN_DOUBT`."""

    id: uuid.UUID
    number: str
    """Of its order."""
    payment: str
    """Our reference of the payment at the gateway."""
    amount: int
    channel: RefundChannel
    round: int
    reference: str | None
    """The provider's of the payout, if it took it."""
    code: str
    created_at: datetime


async def refunds_in_doubt(db: Database) -> tuple[RefundInDoubt, ...]:
    """All refunds that wait for an officer, the oldest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT r.id, o.number, p.reference AS payment, r.amount, r.channel, r.round,
                   r.reference, r.failure_code AS code, r.created_at
               FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id
               JOIN sales.payment p ON p.id = r.payment_id
               WHERE r.next_attempt_at IS NOT NULL AND r.state IN ('payable', 'sent')
                   AND r.failure_code = ANY ($1)
               ORDER BY r.created_at, r.id""",
            list(IN_DOUBT),
        )
    return tuple(read_row(row, RefundInDoubt) for row in rows)


async def oldest_refund_in_doubt(conn: Connection) -> uuid.UUID | None:
    """The refund that has waited longest for an officer; None: there is none."""
    found: uuid.UUID | None = await conn.fetchval(
        """SELECT id FROM sales.refund WHERE next_attempt_at IS NOT NULL AND state IN ('payable', 'sent')
               AND failure_code = ANY ($1) ORDER BY created_at, id LIMIT 1""",
        list(IN_DOUBT),
    )
    return found


class RefundsUnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """Refunds that wait for us, not for a customer to name an account."""

    count: int
    in_doubt: int
    """Of `count`, those that wait for an officer."""
    unsent_since: datetime | None
    """Since when the oldest refund that is neither sent nor in doubt could go out; None: there is none."""
    to_release: int
    """Of `count`, those that two officers must release."""
    to_release_since: datetime | None
    """When the account of the oldest of these was named."""


async def refunds_under_way(conn: Connection) -> RefundsUnderWay:
    """Counts the refunds that are under way."""
    [row] = await conn.fetch(
        """SELECT count(*) AS count, count(*) FILTER (WHERE is_in_doubt) AS in_doubt,
               min(goes_from) FILTER (WHERE state = 'payable' AND NOT is_in_doubt AND NOT is_checked)
                   AS unsent_since,
               count(*) FILTER (WHERE is_checked) AS to_release,
               min(named_at) FILTER (WHERE is_checked) AS to_release_since
           FROM (SELECT state, named_at, greatest(created_at, pays_from, released_at) AS goes_from,
                   coalesce(failure_code = ANY ($1), false) AS is_in_doubt,
                   coalesce(needs_release AND released_at IS NULL, false) AS is_checked
               FROM sales.refund WHERE next_attempt_at IS NOT NULL AND state <> 'paid') under_way""",
        list(IN_DOUBT),
    )
    return read_row(row, RefundsUnderWay)
