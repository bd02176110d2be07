"""Fills an order that is not placed yet: documents to stamp, or pieces of quota."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from meterai.kernel.clock import business_date
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.buyer import Buyer
from meterai.sales.model import (
    DOCUMENTS_PER_ORDER_MAX,
    LARGE_PIECES_MAX,
    STAMPS_PER_DOCUMENT_MAX,
    UNPAID_PIECES_MAX,
    Flow,
    OrderState,
    is_large,
)
from meterai.sales.order import Order
from meterai.sales.store import drafts, orders
from meterai.sales.use_cases.name_buyer import name_buyer


class ItemPut(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it stands in the draft now. The order's sums: `queries.order_page`."""

    item_id: uuid.UUID
    quantity: int
    total: int
    """Of this item, in rupiah."""


class FormDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that came with a form. `slot`: which one of which form, see `add_document`."""

    document_id: uuid.UUID
    document_kind: str | None
    slot: str


async def add_document(
    db: Database,
    order_id: uuid.UUID,
    *,
    document_id: uuid.UUID,
    document_kind: str | None,
    stamps: int,
    now: datetime,
    slot: str = "",
) -> ItemPut:
    """Puts a document with `stamps` stamps into the order, or changes the number of one that is in it.

    `slot` names one place of one form that was sent. The first document in it wins. The same form sent again,
    even at the same moment, brings another document id and gets the item that is there.

    Raises: Refusal INVALID `order.stamps` (1 to 10 a document), `order.too_many_documents`;
    CONFLICT `order.not_draft`, `order.other_flow`, `item.document_used` (in another order);
    NOT_FOUND `order.not_found`.
    """
    if not 1 <= stamps <= STAMPS_PER_DOCUMENT_MAX:
        raise Refusal(Kind.INVALID, "order.stamps", maximum=STAMPS_PER_DOCUMENT_MAX)
    item_id = item_of_slot(order_id, slot) if slot else derived_id("item", order_id, document_id)
    return await _put(
        db,
        order_id,
        item_id,
        flow=Flow.STAMP,
        document_id=document_id,
        document_kind=document_kind,
        quantity=stamps,
        now=now,
    )


async def put_documents(
    db: Database,
    order_id: uuid.UUID,
    documents: Sequence[FormDocument],
    *,
    now: datetime,
) -> list[ItemPut]:
    """Puts the documents of a form into the order, with one stamp each; a form sent again gets the same
    items.

    Raises: what `add_document` says.
    """
    return [
        await add_document(
            db,
            order_id,
            document_id=one.document_id,
            document_kind=one.document_kind,
            stamps=1,
            now=now,
            slot=one.slot,
        )
        for one in documents
    ]


def item_of_slot(order_id: uuid.UUID, slot: str) -> uuid.UUID:
    """The item that one place of one form fills in an order."""
    return derived_id("item", order_id, slot)


async def set_quota(
    db: Database,
    order_id: uuid.UUID,
    pieces: int,
    *,
    buyer: Buyer | None = None,
    now: datetime,
) -> ItemPut:
    """Sets how many pieces of quota the order buys. `buyer`: for the receipt; large orders need one.

    Raises: Refusal INVALID `quota.too_many` (with `maximum`), `quota.needs_npwp`, `quota.none`;
    CONFLICT `order.not_draft`, `order.other_flow`; NOT_FOUND `order.not_found`.
    """
    refuse_pieces(pieces, buyer)
    if buyer is not None:
        await name_buyer(db, order_id, buyer, now=now)
    return await _put(
        db,
        order_id,
        derived_id("item", order_id, "quota"),
        flow=Flow.QUOTA,
        document_id=None,
        document_kind=None,
        quantity=pieces,
        now=now,
    )


def refuse_pieces(pieces: int, buyer: Buyer | None) -> None:
    """Raises: Refusal INVALID `quota.none`, `quota.too_many`, `quota.needs_npwp`, as `set_quota` does."""
    if pieces < 1:
        raise Refusal(Kind.INVALID, "quota.none")
    if pieces > LARGE_PIECES_MAX:
        raise Refusal(Kind.INVALID, "quota.too_many", maximum=LARGE_PIECES_MAX)
    if is_large(pieces) and (buyer is None or buyer.npwp is None):
        raise Refusal(Kind.INVALID, "quota.needs_npwp", ordinary=UNPAID_PIECES_MAX)


async def remove_item(db: Database, order_id: uuid.UUID, item_id: uuid.UUID, *, now: datetime) -> None:
    """Takes an item out of a draft; one that isn't in it is out already.

    Raises: Refusal CONFLICT `order.not_draft`; NOT_FOUND `order.not_found`.
    """
    async with db.transaction() as tx:
        _refuse_unless_draft(await orders.lock_order(tx, order_id))
        await drafts.delete_item(tx, order_id, item_id)


async def _put(
    db: Database,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    *,
    flow: Flow,
    document_id: uuid.UUID | None,
    document_kind: str | None,
    quantity: int,
    now: datetime,
) -> ItemPut:
    try:
        async with db.connection() as connection:  # one statement is one transaction
            row = await drafts.put_item(
                connection,
                order_id,
                item_id,
                kind=flow,
                document_id=document_id,
                document_kind=document_kind,
                quantity=quantity,
                day=business_date(now),
                items_max=DOCUMENTS_PER_ORDER_MAX,
            )
    except asyncpg.UniqueViolationError:
        raise Refusal(Kind.CONFLICT, "item.document_used") from None
    refusal = _REFUSALS.get(row.outcome)
    if refusal is not None:
        raise Refusal(*refusal, maximum=DOCUMENTS_PER_ORDER_MAX)
    assert row.item is not None
    assert row.quantity is not None
    assert row.unit_price is not None
    return ItemPut(item_id=row.item, quantity=row.quantity, total=row.quantity * row.unit_price)


_REFUSALS = {
    "not_found": (Kind.NOT_FOUND, "order.not_found"),
    "not_draft": (Kind.CONFLICT, "order.not_draft"),
    "other_flow": (Kind.CONFLICT, "order.other_flow"),
    "too_many": (Kind.INVALID, "order.too_many_documents"),
}


def _refuse_unless_draft(order: Order) -> None:
    if order.state is not OrderState.DRAFT:
        raise Refusal(Kind.CONFLICT, "order.not_draft")
