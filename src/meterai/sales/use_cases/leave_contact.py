"""Takes a contact off a customer, and the news of their orders to one that stays."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.remove_contact import remove_contact
from meterai.kit.database import Database
from meterai.sales.store import orders


async def leave_contact(db: Database, by: SessionCustomer, contact_id: uuid.UUID, *, now: datetime) -> None:
    """Removes a contact of the customer who is signed in, in one step with where news and links of their
    orders go: they would reach the next owner of the number. Safe to repeat.

    Raises: what `remove_contact` says.
    """
    async with db.transaction() as tx:
        done = await remove_contact(tx, by, contact_id, now=now)
        if done is not None:
            await orders.move_contact(tx, by.customer_id, done.removed, done.stays)
