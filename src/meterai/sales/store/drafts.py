"""Drafts: opened, filled, priced, and deleted when nobody finishes them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.clock import business_date
from meterai.kit.database import Connection
from meterai.sales.model import Flow
from meterai.sales.prices import Price


class OpenedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands after opening it, perhaps by an earlier request."""

    id: uuid.UUID
    number: str
    flow: str
    event_slug: str | None
    state: str
    customer_id: uuid.UUID | None
    token_round: int
    """How often its links were ended."""
    token_digest: bytes
    """Of its link."""


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of an order that is being opened, and the item that holds it."""

    item_id: uuid.UUID
    document_id: uuid.UUID
    document_kind: str | None
    """Which of the event's required documents."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The customer of an order, and the verified contact to which its news go."""

    customer_id: uuid.UUID
    contact: Contact


async def open_order(
    connection: Connection,
    order_id: uuid.UUID,
    *,
    number: str,
    form: str,
    token_digest: bytes,
    organisation_id: uuid.UUID,
    event_slug: str | None,
    flow: Flow,
    language: str,
    owner: Owner | None,
    documents: Sequence[NewDocument] = (),
    unit_fee: int = 0,
    unit_vat: int = 0,
    now: datetime,
) -> tuple[OpenedRow, bool]:
    """Writes a new order with its documents, one stamp each at the tariff of the day: (order, True).

    If the form opened an order before, returns that as it is: (order, False). `form`: the digest of its name.

    Without documents the call does not wait for the disk; what fills the order next does.

    Raises: asyncpg.ForeignKeyViolationError for an unknown event; asyncpg.UniqueViolationError when a
    document is an item of another order.
    """
    row = await connection.fetchrow(
        """WITH tariff AS (
               SELECT face_value FROM sales.tariff WHERE valid_from <= $13 ORDER BY valid_from DESC LIMIT 1
           ), opened AS (
               INSERT INTO sales.orders
                   (id, number, submit_id, token_digest, organisation_id, event_slug, flow, state, language,
                    created_at, customer_id, contact_kind, contact_value, quantity, face_value, fee, vat,
                    total)
               SELECT $1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9, $10, $11, $12, n, n * face, n * $14,
                   n * $15, n * (face + $14)
               FROM cardinality($16::uuid[]) AS n,
                   coalesce((SELECT face_value FROM tariff), 0) AS face,
                   set_config('synchronous_commit', CASE cardinality($16::uuid[]) WHEN 0 THEN 'off'
                       ELSE current_setting('synchronous_commit') END, true)
               ON CONFLICT (submit_id) DO NOTHING RETURNING id, number, flow, event_slug, state,
                   customer_id, token_round, token_digest
           ), filled AS (
               INSERT INTO sales.item
                   (id, order_id, position, kind, document_id, document_kind, quantity, state,
                    unit_face_value, unit_fee, unit_vat)
               SELECT i.id, opened.id, i.position, opened.flow, i.document_id, i.document_kind, 1, 'waiting',
                   (SELECT face_value FROM tariff), $14, $15
               FROM opened, unnest($16::uuid[], $17::uuid[], $18::text[])
                   WITH ORDINALITY AS i (id, document_id, document_kind, position)
           )
           SELECT * FROM opened""",
        order_id,
        number,
        form,
        token_digest,
        organisation_id,
        event_slug,
        flow,
        language,
        now,
        owner and owner.customer_id,
        owner and owner.contact.kind,
        owner and owner.contact.value,
        business_date(now),
        unit_fee,
        unit_vat,
        [one.item_id for one in documents],
        [one.document_id for one in documents],
        [one.document_kind for one in documents],
    )
    is_new = row is not None
    row = row or await connection.fetchrow(
        """SELECT id, number, flow, event_slug, state, customer_id, token_round, token_digest
           FROM sales.orders WHERE submit_id = $1""",
        form,
    )
    assert row is not None
    return OpenedRow(**dict(row)), is_new


_TOTALS = """
    UPDATE sales.orders o SET quantity = s.quantity, face_value = s.face_value, fee = s.fee, vat = s.vat,
        total = s.face_value + s.fee
    FROM (SELECT coalesce(sum(i.quantity), 0) AS quantity,
                 coalesce(sum(i.quantity * i.unit_face_value), 0) AS face_value,
                 coalesce(sum(i.quantity * i.unit_fee), 0) AS fee,
                 coalesce(sum(i.quantity * i.unit_vat), 0) AS vat
          FROM sales.item i WHERE i.order_id = $1) s
    WHERE o.id = $1
"""


class PutRow(msgspec.Struct, frozen=True, kw_only=True):
    """What `sales.put_item` says; item, quantity and face value only for `put` and `kept`."""

    outcome: str
    item: uuid.UUID | None
    quantity: int | None
    face_value: int | None


async def put_item(
    connection: Connection,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    *,
    kind: Flow,
    document_id: uuid.UUID | None,
    document_kind: str | None,
    quantity: int,
    unit_fee: int,
    unit_vat: int,
    day: date,
    items_max: int,
) -> PutRow:
    """Writes an item of a draft at the tariff of `day`, or its new quantity and price, and the order's sums.

    Raises: asyncpg.UniqueViolationError when the document is an item of another order.
    """
    row = await connection.fetchrow(
        "SELECT * FROM sales.put_item($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        order_id,
        item_id,
        kind,
        document_id,
        document_kind,
        quantity,
        unit_fee,
        unit_vat,
        day,
        items_max,
    )
    assert row is not None
    return PutRow(**dict(row))


async def delete_item(tx: Connection, order_id: uuid.UUID, item_id: uuid.UUID) -> None:
    """Takes an item out of a draft and writes the order's new sums."""
    await tx.execute("DELETE FROM sales.item WHERE id = $2 AND order_id = $1", order_id, item_id)
    await tx.execute(_TOTALS, order_id)


async def reprice(tx: Connection, order_id: uuid.UUID, price: Price) -> None:
    """Gives every item of a draft the unit prices of `price`, and the order its new sums."""
    await tx.execute(
        "UPDATE sales.item SET unit_face_value = $2, unit_fee = $3, unit_vat = $4 WHERE order_id = $1",
        order_id,
        price.unit_face_value,
        price.unit_fee,
        price.unit_vat,
    )
    await tx.execute(_TOTALS, order_id)


async def delete_drafts(tx: Connection, before: datetime, limit: int) -> int:
    """Deletes drafts opened before `before`, and cancelled orders without a payment; gives how many."""
    deleted: int = await tx.fetchval(
        """
        WITH old AS (
            SELECT id FROM sales.orders o WHERE state IN ('draft', 'cancelled') AND created_at < $1
                AND NOT EXISTS (SELECT FROM sales.payment p WHERE p.order_id = o.id)
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), items AS (DELETE FROM sales.item i USING old WHERE i.order_id = old.id),
        gone AS (DELETE FROM sales.orders o USING old WHERE o.id = old.id RETURNING 1)
        SELECT count(*) FROM gone
        """,
        before,
        limit,
    )
    return deleted
