"""Drafts: opened, filled, priced, and deleted when nobody finishes them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from meterai.customers.contacts import Contact
from meterai.kit.database import Connection, call
from meterai.sales.model import Flow

OF_PROBE: Final = "SL007"
"""SQLSTATE: an order that the probe may not open or place now."""


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
    event_slug: str | None,
    flow: Flow,
    language: str,
    owner: Owner | None,
    documents: Sequence[NewDocument] = (),
    now: datetime,
) -> tuple[OpenedRow, bool]:
    """Writes a new order with its documents, one stamp each at the price of the day: (order, True).

    If the form opened an order before, returns that as it is: (order, False). `form`: the digest of its name.

    Without documents the call does not wait for the disk; what fills the order next does.

    Raises: asyncpg.ForeignKeyViolationError for an unknown event; asyncpg.UniqueViolationError when a
    document is an item of another order.
    """
    row = await connection.fetchrow(
        call("sales.open_order", 14, whole_row=True),
        order_id,
        number,
        form,
        token_digest,
        event_slug,
        flow,
        language,
        owner and owner.customer_id,
        owner and owner.contact.kind,
        owner and owner.contact.value,
        [one.item_id for one in documents],
        [one.document_id for one in documents],
        [one.document_kind for one in documents],
        now,
    )
    assert row is not None
    found = dict(row)
    is_new: bool = found.pop("is_new")
    return OpenedRow(**found), is_new


class PutRow(msgspec.Struct, frozen=True, kw_only=True):
    """What `sales.put_item` says; item, quantity and price only for `put` and `kept`."""

    outcome: str
    item: uuid.UUID | None
    quantity: int | None
    unit_price: int | None
    """Of one stamp, in rupiah."""


async def put_item(
    connection: Connection,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    *,
    kind: Flow,
    document_id: uuid.UUID | None,
    document_kind: str | None,
    quantity: int,
    day: date,
    items_max: int,
) -> PutRow:
    """Writes an item of a draft at the price of `day`, or its new quantity and price, and the order's sums.

    Raises: asyncpg.UniqueViolationError when the document is an item of another order.
    """
    row = await connection.fetchrow(
        "SELECT * FROM sales.put_item($1, $2, $3, $4, $5, $6, $7, $8)",
        order_id,
        item_id,
        kind,
        document_id,
        document_kind,
        quantity,
        day,
        items_max,
    )
    assert row is not None
    return PutRow(**dict(row))


async def delete_item(tx: Connection, order_id: uuid.UUID, item_id: uuid.UUID) -> None:
    """Takes an item out of a draft and writes the order's new sums."""
    await tx.execute("SELECT sales.drop_item($1, $2)", order_id, item_id)


async def reprice(tx: Connection, order_id: uuid.UUID, now: datetime) -> None:
    """Gives every item of a draft today's price, and the order its new sums."""
    await tx.execute("SELECT sales.reprice($1, $2)", order_id, now)


async def end_draft(connection: Connection, order_id: uuid.UUID, now: datetime) -> bool:
    """Cancels a draft that belongs to nobody. Returns False for any other order."""
    ended: bool = await connection.fetchval("SELECT sales.end_draft($1, $2)", order_id, now)
    return ended


async def delete_drafts(tx: Connection, before: datetime, limit: int) -> int:
    """Deletes drafts opened before `before`, and cancelled orders without a payment; gives how many."""
    deleted: int = await tx.fetchval("SELECT sales.delete_drafts($1, $2)", before, limit)
    return deleted
