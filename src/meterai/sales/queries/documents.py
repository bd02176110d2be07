"""The orders that documents belong to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec

from meterai.kit.database import Database


async def orders_of_documents(db: Database, document_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Document -> number of the order that holds it and may still have it stamped.

    Documents of refused items, and of orders that ended without money, are free and left out.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT i.document_id, o.number FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.document_id = ANY ($1) AND i.state <> 'refused'
                 AND o.state NOT IN ('expired', 'cancelled')""",
            list(document_ids),
        )
    return {row["document_id"]: row["number"] for row in rows}


async def order_of_item(db: Database, item_id: uuid.UUID) -> str | None:
    """The number of the order that an item belongs to, in whatever state; None for an unknown item."""
    async with db.connection() as connection:
        number: str | None = await connection.fetchval(
            "SELECT o.number FROM sales.item i JOIN sales.orders o ON o.id = i.order_id WHERE i.id = $1",
            item_id,
        )
    return number


class UnprovenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft whose visitor has proved no contact."""

    order_id: uuid.UUID
    event: str | None
    documents: frozenset[uuid.UUID]
    """All of them."""


async def unproven_drafts(db: Database, document_ids: Sequence[uuid.UUID]) -> list[UnprovenDraft]:
    """Lists the drafts of nobody that hold one of these documents."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT o.id, o.event_slug, array_agg(i.document_id) AS documents
               FROM sales.orders o JOIN sales.item i ON i.order_id = o.id
               WHERE o.state = 'draft' AND o.customer_id IS NULL AND o.id IN
                   (SELECT order_id FROM sales.item WHERE document_id = ANY ($1))
               GROUP BY o.id, o.event_slug""",
            list(document_ids),
        )
    return [
        UnprovenDraft(order_id=row["id"], event=row["event_slug"], documents=frozenset(row["documents"]))
        for row in rows
    ]


async def documents_of_unproven_draft(db: Database, order_id: uuid.UUID) -> list[uuid.UUID]:
    """Lists the documents of an order, if it is a draft whose visitor has proved no contact."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT i.document_id FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE o.id = $1 AND o.state = 'draft' AND o.customer_id IS NULL
                 AND i.document_id IS NOT NULL""",
            order_id,
        )
    return [row["document_id"] for row in rows]


async def documents_promised(db: Database, document_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these documents that are to be stamped, now or once their order is paid.

    Documents of expired orders count while the payment is still polled: late money may pay for them.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT i.document_id FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.document_id = ANY ($1) AND i.state <> 'refused' AND (
                   o.state IN ('draft', 'awaiting_payment') OR i.state = 'stamping'
                   OR o.state = 'expired' AND EXISTS (
                       SELECT FROM sales.payment p WHERE p.order_id = o.id AND p.poll_at IS NOT NULL))""",
            list(document_ids),
        )
    return {row["document_id"] for row in rows}
