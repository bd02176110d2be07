"""Writes to whom an order belongs, once a contact is verified."""

from __future__ import annotations

import uuid

from meterai.customers.contacts import Contact
from meterai.kernel.errors import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.model import OrderState
from meterai.sales.store import orders


async def set_customer(
    db: Database,
    order_id: uuid.UUID,
    customer_id: uuid.UUID,
    contact: Contact,
    *,
    language: str | None = None,
) -> tuple[uuid.UUID, ...]:
    """Gives a draft to a customer and its news to a contact that was verified as theirs. Safe to repeat.

    Gives the documents of the order, which get the same owner.

    Raises: Refusal CONFLICT `order.not_draft`, but not for what stands there already;
    NOT_FOUND `order.not_found`.
    """
    async with db.connection() as connection:
        documents = await orders.set_customer(
            connection, order_id, customer_id, contact, language, while_in=OrderState.DRAFT
        )
        if documents is not None:
            return tuple(documents)
        order = await orders.read_order(connection, order_id)
    if (order.customer_id, order.contact) != (customer_id, contact):
        raise Refusal(Kind.CONFLICT, "order.not_draft")
    return tuple(item.document_id for item in order.items if item.document_id)
