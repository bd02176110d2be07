"""Read-only answers about customers."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.customers.codes import PROOF_LIFE
from meterai.customers.contacts import Contact
from meterai.kernel.ids import token_digest
from meterai.kit.database import Database


class SessionCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    customer_id: uuid.UUID
    contacts: tuple[Contact, ...]
    """Verified and still theirs, the oldest first."""
    contact_ids: tuple[uuid.UUID, ...]
    """Of these."""
    language: str
    proven_by: uuid.UUID | None
    """The contact whose code opened the session."""
    proven_at: datetime

    @property
    def contact(self) -> Contact | None:
        """Where news of what they do now go: the contact that was proven for it, not one they may have lost.

        Of a session that does not know which one that was, the oldest.
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
                   array_agg(c.id ORDER BY c.verified_at, c.id) AS ids,
                   array_agg(c.kind ORDER BY c.verified_at, c.id) AS kinds,
                   array_agg(c.value ORDER BY c.verified_at, c.id) AS addresses
               FROM customers.session s
               JOIN customers.customer p ON p.id = s.customer_id
               LEFT JOIN customers.contact c ON c.customer_id = s.customer_id AND c.replaced_at IS NULL
               WHERE s.token_digest = $1 AND s.expires_at > $2 GROUP BY s.token_digest, p.language
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
    )


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
