"""Read-only answers about customers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from meterai.customers.codes import PROOF_LIFE
from meterai.customers.contacts import Contact
from meterai.kernel.ids import token_digest
from meterai.kit.database import Connection, Database
from meterai.kit.messages import CODE_TOPICS

CODE_SENT_WITHIN = timedelta(seconds=15)
"""A code that waits for longer is held up: a station that answers takes one in less than a second."""
CODES_LATELY = timedelta(minutes=10)
CODES_MAX, CODES_MIN = 20, 5
"""The latest people who asked decide whether codes go out. Fewer than `CODES_MIN`, or older codes, say
nothing."""
_LOOKED_THROUGH = 200
"""How many of the latest codes are read; strangers asked for some of them."""


class SessionCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """The customer of a session."""

    customer_id: uuid.UUID
    contacts: tuple[Contact, ...]
    """Verified and still theirs, the oldest first."""
    contact_ids: tuple[uuid.UUID, ...]
    """Of these."""
    language: str
    proven_by: uuid.UUID | None
    """The contact whose code opened the session."""
    proven_at: datetime
    used_at: datetime
    """When the session was last used, to the hour."""
    token: str
    """Of the session: what changes contacts shows it to the database."""

    def __repr__(self) -> str:
        return f"SessionCustomer(customer_id={self.customer_id})"  # the token stays out of logs

    @property
    def contact(self) -> Contact | None:
        """Where news of this session go: the contact that it proved, not one that the customer may have lost.

        A session that does not know its contact uses the oldest one.
        """
        for id, contact in zip(self.contact_ids, self.contacts, strict=True):
            if self.proven_by in (id, None):
                return contact
        return None

    def has_fresh_proof(self, now: datetime) -> bool:
        """Whether a contact was proven so lately that contacts may be changed."""
        return self.proven_by is not None and now < self.proven_at + PROOF_LIFE


async def session_customer(db: Database, token: str, now: datetime) -> SessionCustomer | None:
    """The customer of a session's token; None when the session is unknown or over.

    It is over when the contact that proved it is no longer theirs.
    """
    async with db.connection() as connection:
        row = await connection.fetchrow(
            """SELECT s.customer_id, s.contact_id, s.created_at, p.language,
                   coalesce(s.used_at, s.created_at) AS last_used,
                   array_agg(c.id ORDER BY c.verified_at, c.id) AS ids,
                   array_agg(c.kind ORDER BY c.verified_at, c.id) AS kinds,
                   array_agg(c.value ORDER BY c.verified_at, c.id) AS addresses
               FROM customers.session s
               JOIN customers.customer p ON p.id = s.customer_id
               LEFT JOIN customers.contact c ON c.customer_id = s.customer_id AND c.replaced_at IS NULL
               WHERE s.token_digest = $1
                   AND customers.is_signed_in(s.expires_at, coalesce(s.used_at, s.created_at), $2)
               GROUP BY s.token_digest, p.language
               HAVING s.contact_id IS NULL OR bool_or(c.id = s.contact_id)""",
            token_digest(token),
            now,
        )
    if row is None:
        return None
    pairs = zip(row["kinds"], row["addresses"], strict=True)
    return SessionCustomer(
        customer_id=row["customer_id"],
        contacts=tuple(Contact(kind=kind, value=value) for kind, value in pairs if kind),
        contact_ids=tuple(id for id in row["ids"] if id),
        language=row["language"],
        proven_by=row["contact_id"],
        proven_at=row["created_at"],
        used_at=row["last_used"],
        token=token,
    )


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A browser of a customer that is signed in, or still known."""

    id: bytes
    """The digest of its token. It opens nothing."""
    browser: str
    system: str
    opened_at: datetime
    used_at: datetime
    is_signed_in: bool


async def sessions_of(
    db: Database, customer_id: uuid.UUID, *, limit: int, now: datetime
) -> tuple[OpenSession, ...]:
    """The browsers of a customer, the one that was used last first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT token_digest AS id, coalesce(browser, '') AS browser, coalesce(system, '') AS system,
                   created_at AS opened_at, last.used AS used_at,
                   customers.is_signed_in(expires_at, last.used, $2) AS is_signed_in
               FROM customers.session, LATERAL (SELECT coalesce(used_at, created_at) AS used) last
               WHERE customer_id = $1
                   AND (known_until > $2 OR customers.is_signed_in(expires_at, last.used, $2))
               ORDER BY last.used DESC, token_digest LIMIT $3""",
            customer_id,
            now,
            limit,
        )
    return tuple(OpenSession(**dict(row)) for row in rows)


async def addresses_of(
    connection: Connection, asked: Sequence[tuple[uuid.UUID, uuid.UUID | None]]
) -> dict[tuple[uuid.UUID, uuid.UUID | None], tuple[Contact, str]]:
    """Where messages to customers go, and in which language.

    For each (customer, contact that they proved): that contact while it is theirs, otherwise the one they
    proved last. The account holder of an organisation has no contacts: there it is the member's who asked.
    Others without a contact are left out.
    """
    rows = await connection.fetch(
        """SELECT a.n, c.kind, c.value, p.language
           FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY a (customer_id, contact_id, n)
           JOIN LATERAL (
               SELECT customer_id, kind, value FROM customers.contact c
               WHERE c.replaced_at IS NULL AND (c.customer_id = a.customer_id OR c.id = a.contact_id
                   AND NOT EXISTS (SELECT FROM customers.contact o WHERE o.customer_id = a.customer_id))
               ORDER BY (c.id = a.contact_id) IS TRUE DESC, c.verified_at DESC, c.id LIMIT 1
           ) c ON true
           JOIN customers.customer p ON p.id = c.customer_id""",
        [customer_id for customer_id, _ in asked],
        [contact_id for _, contact_id in asked],
    )
    return {
        asked[row["n"] - 1]: (Contact(kind=row["kind"], value=row["value"]), row["language"]) for row in rows
    }


async def proven_contacts(
    connection: Connection, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[uuid.UUID, Contact]]:
    """The customer and the address of each contact, by id, as far as it is still somebody's."""
    rows = await connection.fetch(
        """SELECT id, customer_id, kind, value FROM customers.contact
           WHERE id = ANY ($1) AND replaced_at IS NULL""",
        list(ids),
    )
    return {row["id"]: (row["customer_id"], Contact(kind=row["kind"], value=row["value"])) for row in rows}


async def contacts_of_customer(db: Database, customer_id: uuid.UUID) -> dict[uuid.UUID, Contact]:
    """The proven contacts of a customer, by id, the oldest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT id, kind, value FROM customers.contact WHERE customer_id = $1 AND replaced_at IS NULL
               ORDER BY verified_at, id""",
            customer_id,
        )
    return {row["id"]: Contact(kind=row["kind"], value=row["value"]) for row in rows}


async def customer_of_contact(db: Database, contact: Contact) -> uuid.UUID | None:
    """The customer to whom a contact belongs now."""
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT customer_id FROM customers.contact"
            " WHERE kind = $1 AND value = $2 AND replaced_at IS NULL",
            contact.kind,
            contact.value,
        )
    return found


async def codes_go_out(conn: Connection, *, now: datetime) -> bool:
    """Whether at least half of the called people who asked for a code lately have been sent one.

    The latest `CODES_MAX` people count, each with the newest code. Codes of strangers don't: anybody can ask
    for codes of invented contacts.
    """
    go: bool = await conn.fetchval(
        """SELECT count(*) < $5 OR 2 * count(*) FILTER (WHERE waits) <= count(*)
           FROM (SELECT EXISTS (SELECT FROM jobs.outbox o WHERE o.topic = ANY ($6::text[])
                   AND o.created_at = c.created_at AND o.payload->>'to' = c.value) AS waits
               FROM (SELECT DISTINCT ON (value) id, value, created_at
                   FROM (SELECT id, value, asker, created_at FROM customers.code
                       WHERE same_as IS NULL ORDER BY id DESC LIMIT $4) latest
                   WHERE asker = 'called' AND created_at < $1::timestamptz - $2::interval
                       AND created_at > $1::timestamptz - $3::interval
                   ORDER BY value, id DESC) c
               ORDER BY c.id DESC LIMIT $7) of_people""",
        now,
        CODE_SENT_WITHIN,
        CODES_LATELY,
        _LOOKED_THROUGH,
        CODES_MIN,
        list(CODE_TOPICS.values()),
        CODES_MAX,
    )
    return go
