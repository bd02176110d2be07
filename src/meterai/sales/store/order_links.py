"""The customer, the contact and the link of an order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection


async def set_customer(
    tx: Connection,
    order_id: uuid.UUID,
    customer_id: uuid.UUID,
    contact: Contact,
    language: str | None,
    *,
    token_round: int,
    token_digest: bytes,
) -> list[uuid.UUID]:
    """Writes the customer of a draft that `lock_owned` locked, the contact for its news, and its link.

    Returns the documents in it.
    """
    documents: list[uuid.UUID] = await tx.fetchval(
        "SELECT sales.give_draft($1, $2, $3, $4, $5, $6, $7)",
        order_id,
        customer_id,
        contact.kind,
        contact.value,
        language,
        token_round,
        token_digest,
    )
    return documents


async def move_contact(tx: Connection, customer_id: uuid.UUID, before: Contact, after: Contact) -> None:
    """Sends news of a customer's orders, which `lock_links` locked, to `after` where they went to
    `before`."""
    await tx.execute(
        "SELECT sales.move_contact($1, $2, $3, $4, $5)",
        customer_id,
        before.kind,
        before.value,
        after.kind,
        after.value,
    )


class OrderLink(msgspec.Struct, frozen=True, kw_only=True):
    """The parts from which the token of an order's link is made."""

    id: uuid.UUID
    submit_id: str
    """The digest of the name of the form that opened it. Old rows hold the name itself, and are not found by
    it any more."""
    token_round: int


class OwnedLink(OrderLink, frozen=True, kw_only=True):
    """The same, with state, customer, and what is stored of the token."""

    state: str
    customer_id: uuid.UUID | None
    token_digest: bytes


async def lock_owned(tx: Connection, order_id: uuid.UUID) -> OwnedLink:
    """Locks an order and returns the parts of its link. Raises: Refusal NOT_FOUND `order.not_found`."""
    row = await tx.fetchrow(
        """SELECT id, submit_id, token_round, token_digest, state, customer_id FROM sales.orders
           WHERE id = $1 FOR NO KEY UPDATE""",
        order_id,
    )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return OwnedLink(**dict(row))


async def lock_links(tx: Connection, customer_id: uuid.UUID) -> list[OrderLink]:
    """Locks all orders of a customer in the order of their ids, as everybody does, so that no two
    deadlock."""
    rows = await tx.fetch(
        """SELECT id, submit_id, token_round FROM sales.orders WHERE customer_id = $1
           ORDER BY id FOR UPDATE""",
        customer_id,
    )
    return [OrderLink(**dict(row)) for row in rows]


async def end_links(tx: Connection, digests: Mapping[uuid.UUID, bytes]) -> None:
    """Gives orders the tokens of their next round."""
    await tx.execute(
        """UPDATE sales.orders o SET token_round = token_round + 1, token_digest = new.digest
           FROM unnest($1::uuid[], $2::bytea[]) AS new (id, digest) WHERE o.id = new.id""",
        list(digests.keys()),
        list(digests.values()),
    )


async def renew_link(tx: Connection, order_id: uuid.UUID, round: int, token_digest: bytes) -> None:
    """Gives an order that officers moved its new link, once. `round`: how often its links had ended then."""
    await tx.execute("SELECT sales.renew_link($1, $2, $3)", order_id, round, token_digest)


async def has_token(connection: Connection, order_id: uuid.UUID, token_digest: bytes) -> bool:
    """Whether a token is that of the order's link."""
    found = await connection.fetchval(
        "SELECT true FROM sales.orders WHERE id = $1 AND token_digest = $2", order_id, token_digest
    )
    return found is True


async def mark_link_sent(
    tx: Connection, order_id: uuid.UUID, token_digest: bytes, now: datetime, *, not_since: datetime
) -> bool:
    """Writes that the link is being sent; False when the token is wrong or it was sent after `not_since`."""
    marked = await tx.fetchval(
        """UPDATE sales.orders SET link_sent_at = $3
           WHERE id = $1 AND token_digest = $2 AND (link_sent_at IS NULL OR link_sent_at <= $4)
           RETURNING true""",
        order_id,
        token_digest,
        now,
        not_since,
    )
    return marked is True
