"""Reads what messages about orders need, and writes the news of payments."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import msgspec

from meterai.kit.database import Connection
from meterai.sales.news import OrderToTell
from meterai.sales.refund_news import RefundToTell


async def read_orders_to_tell(
    connection: Connection, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, OrderToTell]:
    """The orders that messages are about, by id. Unknown ids are left out."""
    rows = await connection.fetch(
        """SELECT o.id, o.number, o.submit_id, o.token_round, o.token_digest, o.flow, o.state, o.language,
               o.total, o.contact_kind, o.contact_value, o.customer_id, i.all_stamped, i.waits_for_choice,
               o.probe IS NOT NULL AS is_of_probe,
               (SELECT channel FROM sales.payment WHERE order_id = o.id AND outcome = 'credited') AS channel
           FROM sales.orders o, LATERAL (
               SELECT coalesce(bool_and(state = 'done'), false) AS all_stamped,
                   coalesce(bool_or(state = 'refused'), false) AS waits_for_choice
               FROM sales.item WHERE order_id = o.id
           ) i WHERE o.id = ANY ($1)""",
        list(ids),
    )
    return {
        row["id"]: msgspec.convert(dict(row), OrderToTell, builtin_types=(uuid.UUID, bytes)) for row in rows
    }


async def read_refunds_to_tell(
    connection: Connection, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, RefundToTell]:
    """The refunds that messages are about, by id. Unknown ids are left out."""
    rows = await connection.fetch(
        """SELECT r.id, r.namings, r.state = 'needs_account' AS waits_for_account, r.amount, r.reason, r.bank,
               right(r.account_number, 4) AS account_tail, r.account_holder, r.pays_from,
               o.customer_id, o.number, o.submit_id, o.token_round, o.token_digest, o.language
           FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id WHERE r.id = ANY ($1)""",
        list(ids),
    )
    return {
        row["id"]: msgspec.convert(dict(row), RefundToTell, builtin_types=(uuid.UUID, datetime, bytes))
        for row in rows
    }


async def note_paid_news(
    connection: Connection, paid_before: datetime, now: datetime, *, topic: str, news: str
) -> int:
    """Writes the news of a payment for orders that were paid before then and still wait for their stamps.

    Each order gets it once; returns how many did. Orders that are locked now are left for the next time, so
    that the call never waits.
    """
    status = await connection.execute(
        """WITH waiting AS (
               UPDATE sales.orders SET paid_told_at = $2 WHERE id = ANY (ARRAY(
                   SELECT id FROM sales.orders WHERE state = 'paid' AND paid_at <= $1 AND paid_told_at IS NULL
                   FOR NO KEY UPDATE SKIP LOCKED)) RETURNING id
           )
           INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
           SELECT $3, jsonb_build_object('order_id', id, 'news', $4::text), $2, $2 FROM waiting""",
        paid_before,
        now,
        topic,
        news,
    )
    return int(status.rpartition(" ")[2])
