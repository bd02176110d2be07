"""What the page of an order shows, and what an order holds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.model import ItemState, OrderState
from meterai.sales.order import Order
from meterai.sales.queries.refundable import refundable
from meterai.sales.store import orders
from meterai.sales.timeline import TimelineEntry, timeline_of


class OrderPage(Order, frozen=True, kw_only=True):
    """Everything an order's page shows."""

    refundable: Mapping[uuid.UUID, int]
    """Item -> pieces that can be given back now: paid, unused, not being stamped. Others are left out."""
    timeline: tuple[TimelineEntry, ...]
    """What happened, the oldest first."""


class ItemLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item, as far as its document's pages need it."""

    position: int
    document_id: uuid.UUID | None
    document_kind: str | None
    quantity: int
    state: ItemState


class OrderItems(msgspec.Struct, frozen=True, kw_only=True):
    """What an order holds, without money: a third of the cost of the whole order."""

    state: OrderState
    customer_id: uuid.UUID | None
    event_slug: str | None
    items: tuple[ItemLine, ...]


async def order_page(db: Database, order_id: uuid.UUID) -> OrderPage:
    """Everything the page of an order shows. Raises: Refusal NOT_FOUND `order.not_found`."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
        pieces = await refundable(connection, order)
    return _page(order, pieces)


def page_of_unpaid(order: Order) -> OrderPage:
    """The page of an order without money, from memory: nothing can be given back."""
    assert order.credited_payment is None
    return _page(order, {})


def _page(order: Order, refundable: Mapping[uuid.UUID, int]) -> OrderPage:
    return OrderPage(
        **{name: getattr(order, name) for name in Order.__struct_fields__},
        refundable=refundable,
        timeline=timeline_of(order),
    )


async def order_items(db: Database, order_id: uuid.UUID) -> OrderItems:
    """What an order holds, in the order of its positions. Raises: Refusal NOT_FOUND `order.not_found`."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT o.state, o.customer_id, o.event_slug, i.position, i.document_id, i.document_kind,
                   i.quantity, i.state AS item_state
               FROM sales.orders o LEFT JOIN sales.item i ON i.order_id = o.id
               WHERE o.id = $1 ORDER BY i.position""",
            order_id,
        )
    if not rows:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return OrderItems(
        state=OrderState(rows[0]["state"]),
        customer_id=rows[0]["customer_id"],
        event_slug=rows[0]["event_slug"],
        items=tuple(
            ItemLine(
                position=row["position"],
                document_id=row["document_id"],
                document_kind=row["document_kind"],
                quantity=row["quantity"],
                state=ItemState(row["item_state"]),
            )
            for row in rows
            if row["position"] is not None
        ),
    )
