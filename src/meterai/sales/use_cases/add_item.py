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
from meterai.sales.model import (
    DOCUMENTS_PER_ORDER_MAX,
    QUOTA_PIECES_MAX,
    STAMPS_PER_DOCUMENT_MAX,
    Flow,
    OrderState,
)
from meterai.sales.order import Order
from meterai.sales.prices import PriceList, price_of
from meterai.sales.store import drafts, orders


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
    price_list: PriceList,
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
        price_list=price_list,
        now=now,
    )


async def put_documents(
    db: Database,
    order_id: uuid.UUID,
    documents: Sequence[FormDocument],
    *,
    price_list: PriceList,
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
            price_list=price_list,
            now=now,
            slot=one.slot,
        )
        for one in documents
    ]


def item_of_slot(order_id: uuid.UUID, slot: str) -> uuid.UUID:
    """The item that one place of one form fills in an order."""
    return derived_id("item", order_id, slot)


async def set_quota(
    db: Database, order_id: uuid.UUID, pieces: int, *, price_list: PriceList, now: datetime
) -> ItemPut:
    """Sets how many pieces of quota the order buys.

    Raises: Refusal INVALID `quota.too_many` (more than 200, with `maximum`), `quota.none`;
    CONFLICT `order.not_draft`, `order.other_flow`; NOT_FOUND `order.not_found`.
    """
    if pieces < 1:
        raise Refusal(Kind.INVALID, "quota.none")
    if pieces > QUOTA_PIECES_MAX:
        raise Refusal(Kind.INVALID, "quota.too_many", maximum=QUOTA_PIECES_MAX)
    return await _put(
        db,
        order_id,
        derived_id("item", order_id, "quota"),
        flow=Flow.QUOTA,
        document_id=None,
        document_kind=None,
        quantity=pieces,
        price_list=price_list,
        now=now,
    )


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
    price_list: PriceList,
    now: datetime,
) -> ItemPut:
    price = price_of(quantity, 0, price_list)
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
                unit_fee=price.unit_fee,
                unit_vat=price.unit_vat,
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
    assert row.face_value is not None
    return ItemPut(
        item_id=row.item, quantity=row.quantity, total=row.quantity * (row.face_value + price.unit_fee)
    )


_REFUSALS = {
    "not_found": (Kind.NOT_FOUND, "order.not_found"),
    "not_draft": (Kind.CONFLICT, "order.not_draft"),
    "other_flow": (Kind.CONFLICT, "order.other_flow"),
    "too_many": (Kind.INVALID, "order.too_many_documents"),
}


def _refuse_unless_draft(order: Order) -> None:
    if order.state is not OrderState.DRAFT:
        raise Refusal(Kind.CONFLICT, "order.not_draft")
