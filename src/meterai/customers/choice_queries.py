"""Reads the choices of news: for their page, and for everything that sends."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from meterai.customers.choices import Choices, NewsKind, order_contact
from meterai.customers.contacts import Contact
from meterai.customers.queries import addresses_of
from meterai.kit.database import Connection

_CHOICES = """SELECT c.id, c.customer_id, c.kind, c.value,
        ARRAY(SELECT k FROM unnest($2::text[]) AS k WHERE customers.takes_news(c.id, k)) AS takes
    FROM customers.contact c WHERE c.replaced_at IS NULL AND c.customer_id """


async def choices_of(
    connection: Connection, customers: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[Choices]]:
    """The contacts of customers with what each takes, the oldest contact first."""
    return await _read(connection, "= ANY ($1::uuid[])", list(customers))


async def choices_beside(connection: Connection, contact_id: uuid.UUID) -> list[Choices]:
    """The contacts of the customer who has this contact; none when it is nobody's any more."""
    found = await _read(
        connection,
        "= (SELECT customer_id FROM customers.contact WHERE id = $1 AND replaced_at IS NULL)",
        contact_id,
    )
    return next(iter(found.values()), [])


async def _read(connection: Connection, which: str, value: object) -> dict[uuid.UUID, list[Choices]]:
    rows = await connection.fetch(f"{_CHOICES}{which} ORDER BY c.verified_at, c.id", value, list(NewsKind))
    found: dict[uuid.UUID, list[Choices]] = {}
    for row in rows:
        one = Choices(
            contact_id=row["id"],
            contact=Contact(kind=row["kind"], value=row["value"]),
            takes=frozenset(NewsKind(kind) for kind in row["takes"]),
        )
        found.setdefault(row["customer_id"], []).append(one)
    return found


async def refused_news(
    connection: Connection, asked: Sequence[tuple[Contact, NewsKind]]
) -> set[tuple[Contact, NewsKind]]:
    """Those of (contact, kind) that the contact's owner has turned off. Unknown contacts refuse nothing."""
    rows = await connection.fetch(
        """SELECT a.n FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
               AS a(contact_kind, contact_value, news, n)
           JOIN customers.contact c ON c.kind = a.contact_kind AND c.value = a.contact_value
               AND c.replaced_at IS NULL
           WHERE NOT customers.takes_news(c.id, a.news)""",
        [contact.kind for contact, _ in asked],
        [contact.value for contact, _ in asked],
        [kind for _, kind in asked],
    )
    return {asked[row["n"] - 1] for row in rows}


async def order_addresses(
    connection: Connection, asked: Sequence[tuple[uuid.UUID, uuid.UUID | None]]
) -> dict[tuple[uuid.UUID, uuid.UUID | None], tuple[Contact, str]]:
    """As `queries.addresses_of`, for news of orders: at the contact at which the customer wants them."""
    where = await addresses_of(connection, asked)
    choices = await choices_of(connection, {customer_id for customer_id, _ in asked})
    return {
        one: (order_contact(contact, choices.get(one[0], ())), language)
        for one, (contact, language) in where.items()
    }
