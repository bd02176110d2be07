"""Takes a contact off a customer, and moves the news of their orders to one that stays."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.remove_contact import remove_contact
from meterai.kernel.ids import token_digest
from meterai.kit.database import Database
from meterai.sales.store import order_links
from meterai.sales.use_cases.open_order import order_token


async def leave_contact(
    db: Database, secret: bytes, by: SessionCustomer, contact_id: uuid.UUID, *, now: datetime
) -> None:
    """Removes a contact of the customer who is signed in, and moves the news of their orders. Safe to repeat.

    Both happen in one transaction: otherwise news and links would reach the next owner of the number. All
    links of the customer's orders end, because any of them may have been sent to the removed contact. The
    next news of an order carries its new link.

    Raises: what `remove_contact` says.
    """
    async with db.transaction() as tx:
        done = await remove_contact(tx, by, contact_id, now=now)
        if done is not None:
            links = await order_links.lock_links(tx, by.customer_id)
            await order_links.move_contact(tx, by.customer_id, done.removed, done.stays)
            await order_links.end_links(tx, {link.id: _next_digest(secret, link) for link in links})


def _next_digest(secret: bytes, link: order_links.OrderLink) -> bytes:
    return token_digest(order_token(secret, link.submit_id, link.token_round + 1))
