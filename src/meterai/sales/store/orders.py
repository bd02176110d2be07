"""Orders that are read or locked, and the states of orders and their items."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.ledger import store as ledger
from meterai.sales.order import Order
from meterai.sales.prices import UnitPrice

_decode = msgspec.json.Decoder(Order).decode


class DueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose time to pay is over."""

    id: uuid.UUID
    expires_at: datetime
    reference: str | None
    """Of its open payment."""
    gateway: str | None
    """Of its open payment."""
    asked_before: bool
    """Whether the gateway was asked to close that payment before, though it may not have answered."""


async def lock_order(tx: Connection, order_id: uuid.UUID) -> Order:
    """Locks an order until the transaction ends, and reads it with all that belongs to it.

    Raises: Refusal NOT_FOUND `order.not_found`.
    """
    text = await tx.fetchval("SELECT sales.locked_order($1)", order_id)
    return _read(text)


async def lock_order_of_payment(tx: Connection, reference: str) -> Order:
    """Locks the order to which an attempt to pay belongs. Raises: Refusal NOT_FOUND `payment.unknown`."""
    text = await tx.fetchval(
        "SELECT sales.locked_order(order_id) FROM sales.payment WHERE reference = $1", reference
    )
    if text is None:
        raise Refusal(Kind.NOT_FOUND, "payment.unknown")
    return _read(text)


async def lock_order_of_item(tx: Connection, item_id: uuid.UUID) -> Order:
    """Locks the order to which an item belongs. Raises: Refusal NOT_FOUND `order.not_found`."""
    return _read(
        await tx.fetchval("SELECT sales.locked_order(order_id) FROM sales.item WHERE id = $1", item_id)
    )


async def lock_order_of_lot(tx: Connection, lot_account_id: uuid.UUID) -> Order | None:
    """Locks the order of which an item bought a quota lot; None: the lot was not bought by an order."""
    text = await tx.fetchval(
        "SELECT sales.locked_order(order_id) FROM sales.item WHERE lot_account_id = $1", lot_account_id
    )
    return None if text is None else _read(text)


async def read_order(connection: Connection, order_id: uuid.UUID) -> Order:
    """Reads an order without a lock. Raises: Refusal NOT_FOUND `order.not_found`."""
    return _read(await connection.fetchval("SELECT sales.order_json($1)", order_id))


def _read(text: str | None) -> Order:
    if text is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return _decode(text)


async def lock_order_and_price(tx: Connection, order_id: uuid.UUID, day: date) -> tuple[Order, UnitPrice]:
    """Locks an order as `lock_order` does, and gives the price of a stamp on a day with it."""
    row = await tx.fetchrow(
        """SELECT sales.locked_order($1), face_value, unit_fee, unit_vat FROM sales.prices_on($2)""",
        order_id,
        day,
    )
    assert row is not None
    found, face_value, fee, vat = row
    return _read(found), UnitPrice(face_value=face_value, fee=fee, vat=vat)


async def cancel(tx: Connection, order_id: uuid.UUID, now: datetime, *, look_at: datetime) -> None:
    """Ends a draft, or a placed order that is not paid: its attempt ends and its stamps are free.

    The attempt is still polled from `look_at` on: money may come late.
    """
    with ledger.refusals():
        await tx.execute("SELECT sales.cancel_order($1, $2, $3)", order_id, look_at, now)


async def expire(tx: Connection, order_id: uuid.UUID, now: datetime, *, look_at: datetime) -> None:
    """Does the same with a placed order whose time to pay is over."""
    with ledger.refusals():
        await tx.execute("SELECT sales.expire_order($1, $2, $3)", order_id, look_at, now)


_END_ITEMS = call("sales.end_items", 8)


async def end_items(
    connection: Connection,
    item_ids: Sequence[uuid.UUID],
    *,
    refusal_code: str | None = None,
    done_at: datetime | None = None,
    topic: str,
    item_news: str | None = None,
    order_news: str | None = None,
    asked_by: Sequence[int] = (),
    now: datetime,
) -> set[uuid.UUID]:
    """Writes items that were being stamped as done, or as refused with `refusal_code`, and their news.

    Their orders are completed when no item is left that has not ended. `asked_by`: rows of the outbox that
    are deleted with it. Returns the items that exist. An item that moved on before stays as it is. The call
    does not wait for the disk: see `sales.end_items`.
    """
    known = await connection.fetchval(
        _END_ITEMS,
        list(item_ids),
        refusal_code,
        done_at,
        topic,
        item_news,
        order_news,
        list(asked_by),
        now,
    )
    return set(known)


async def replace_document(tx: Connection, item_id: uuid.UUID, document_id: uuid.UUID, now: datetime) -> None:
    """Replaces the refused document of an item, which goes back to stamping with its order.

    The customer knows that the order is paid: from its news, or from those about the refused document.

    Raises: asyncpg.UniqueViolationError when the document is an item of an order already.
    """
    await tx.execute("SELECT sales.replace_document($1, $2, $3)", item_id, document_id, now)


async def claim_overdue(
    tx: Connection, now: datetime, *, limit: int, lease_until: datetime
) -> Sequence[DueOrder]:
    """Orders whose time to pay is over; other workers don't see those with an open payment meanwhile."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT o.id, o.expires_at, p.id AS payment_id, p.reference, p.gateway,
                p.lease_until IS NOT NULL AS asked_before
            FROM sales.orders o
            LEFT JOIN sales.payment p ON p.order_id = o.id AND p.state || '' IN ('creating', 'pending')
            WHERE o.state = 'awaiting_payment' AND o.expires_at <= $1
                AND (p.lease_until IS NULL OR p.lease_until <= $1)
            ORDER BY o.expires_at LIMIT $2 FOR NO KEY UPDATE OF o SKIP LOCKED
        ), leased AS (
            UPDATE sales.payment p SET lease_until = $3 FROM due WHERE p.id = due.payment_id
        )
        SELECT id, expires_at, reference, gateway, asked_before FROM due
        """,
        now,
        limit,
        lease_until,
    )
    return [DueOrder(**dict(row)) for row in rows]
