"""Writes the customer of an order, once a contact is verified."""

from __future__ import annotations

import uuid

import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.model import OrderState
from meterai.sales.store import order_links, orders
from meterai.sales.use_cases.open_order import link_token, order_token


class OwnedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What its customer gets of an order: the token of its link, and its documents."""

    token: str
    documents: tuple[uuid.UUID, ...]


async def set_customer(
    db: Database,
    secret: bytes,
    order_id: uuid.UUID,
    customer_id: uuid.UUID,
    contact: Contact,
    *,
    language: str | None = None,
) -> OwnedOrder:
    """Gives a draft to a customer and its news to a contact that was verified as theirs. Safe to repeat.

    A draft whose customer changes gets a new link. The person who began it, or had it before, knows the old
    link and may be a stranger who passed it on. The caller gives its documents the same owner.

    Raises: Refusal CONFLICT `order.not_draft`, but not for what stands there already;
    NOT_FOUND `order.not_found`.
    """
    async with db.transaction() as tx:
        link = await order_links.lock_owned(tx, order_id)
        if link.state == OrderState.DRAFT:
            token_round, token = link.token_round, _token_of(secret, link)
            if link.customer_id != customer_id:
                token_round += 1
                token = order_token(secret, link.submit_id, token_round)
            documents = await order_links.set_customer(
                tx,
                order_id,
                customer_id,
                contact,
                language,
                token_round=token_round,
                token_digest=token_digest(token),
            )
            return OwnedOrder(token=token, documents=tuple(documents))
        order = await orders.read_order(tx, order_id)
    if (order.customer_id, order.contact) != (customer_id, contact):
        raise Refusal(Kind.CONFLICT, "order.not_draft")
    documents = [item.document_id for item in order.items if item.document_id]
    return OwnedOrder(token=_token_of(secret, link), documents=tuple(documents))


def _token_of(secret: bytes, link: order_links.OwnedLink) -> str:
    return link_token(secret, link.submit_id, link.token_round, link.token_digest)
