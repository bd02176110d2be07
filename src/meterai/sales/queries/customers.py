"""The orders and the quota of a customer."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.kit.database import Database, Row
from meterai.ledger import queries as ledger
from meterai.sales.model import Flow, ItemState, OrderState
from meterai.sales.queries.rows import read_row


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order_id: uuid.UUID
    number: str
    flow: Flow
    state: OrderState
    event_slug: str | None
    quantity: int
    total: int
    created_at: datetime
    paid_at: datetime | None
    item_states: frozenset[ItemState]
    is_reversed: bool
    """The bank took back the payment that paid for it."""


class QuotaLot(msgspec.Struct, frozen=True, kw_only=True):
    """Quota that a customer bought: what one order's item brought, in stamps."""

    lot_account_id: uuid.UUID
    order_id: uuid.UUID
    number: str
    item_id: uuid.UUID
    bought: int
    available: int
    reserved: int
    """Held for documents that are being stamped."""
    used: int
    refunded: int
    unit_face_value: int
    unit_fee: int


async def orders_of_customer(
    db: Database, customer_id: uuid.UUID, *, limit: int = 50, behind: uuid.UUID | None = None
) -> tuple[OrderSummary, ...]:
    """A customer's orders, the newest first, or those older than `behind`; drafts with nothing in them are
    left out."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT id AS order_id, number, flow, state, event_slug, quantity, total, created_at, paid_at,
                   ARRAY(SELECT DISTINCT i.state FROM sales.item i WHERE i.order_id = orders.id)
                       AS item_states,
                   EXISTS (SELECT FROM sales.payment p WHERE p.order_id = orders.id
                       AND p.outcome = 'credited' AND p.state = 'reversed') AS is_reversed
               FROM sales.orders WHERE customer_id = $1 AND (state <> 'draft' OR quantity > 0)
                   AND ($3::uuid IS NULL OR (created_at, id) <
                       (SELECT b.created_at, b.id FROM sales.orders b WHERE b.id = $3 AND b.customer_id = $1))
               ORDER BY created_at DESC, id DESC LIMIT $2""",
            customer_id,
            limit,
            behind,
        )
    return tuple(read_row(row, OrderSummary) for row in rows)


async def quota_of_customer(db: Database, customer_id: uuid.UUID) -> tuple[QuotaLot, ...]:
    """The quota a customer bought, the oldest lot first, used-up ones included.

    Stamps bought for a document of an order are not quota to use: they belong to that document.
    """
    async with db.connection() as connection:
        lots = {lot.account_id: lot for lot in await ledger.lots_of_customer(connection, customer_id)}
        rows = await connection.fetch(
            """SELECT i.lot_account_id, i.order_id, o.number, i.id AS item_id,
                   i.refunded_quantity AS refunded,
                   i.unit_face_value, i.unit_fee
               FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.lot_account_id = ANY ($1::uuid[]) AND i.kind = 'quota' AND o.customer_id = $2
                   AND i.state IN ('done', 'refunding', 'refunded')
               ORDER BY i.done_at, i.id""",
            list(lots),
            customer_id,
        )
    return tuple(_quota_lot(row, lots[row["lot_account_id"]]) for row in rows)


def _quota_lot(row: Row, lot: ledger.Lot) -> QuotaLot:
    return QuotaLot(
        **dict(row),
        bought=lot.bought,
        available=lot.available,
        reserved=lot.reserved,
        used=lot.gone - row["refunded"],
    )
