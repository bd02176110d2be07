"""Browsers in which a contact was proved, written as the owner of the database would."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterai.customers.contacts import Contact
from meterai.customers.organisations import SELLER
from meterai.kernel.ids import new_token, token_digest
from tests.storage_fixtures import TestDatabase


async def known_mark(database: TestDatabase, contact: Contact, now: datetime) -> str:
    """The mark of a browser that proved `contact`, whose new customer is no longer signed in."""
    customer_id, contact_id, mark = uuid.uuid4(), uuid.uuid4(), new_token()
    await database.owner.execute(
        "INSERT INTO customers.organisation VALUES ($1, 'Penjual', 'seller', $2) ON CONFLICT DO NOTHING",
        SELLER,
        now,
    )
    await database.owner.execute(
        "INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)", customer_id, SELLER, now
    )
    await database.owner.execute(
        "INSERT INTO customers.contact VALUES ($1, $2, $3, $4, $5)",
        contact_id,
        customer_id,
        contact.kind,
        contact.value,
        now,
    )
    await database.owner.execute(
        """INSERT INTO customers.session
               (token_digest, mark_digest, customer_id, contact_id, created_at, expires_at, known_until)
           VALUES ($1, $2, $3, $4, $5, $5, $6)""",
        token_digest(new_token()),
        token_digest(mark),
        customer_id,
        contact_id,
        now,
        now + timedelta(days=180),
    )
    return mark
