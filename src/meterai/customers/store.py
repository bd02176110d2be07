"""Every statement that writes customers' tables."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from meterai.customers import codes
from meterai.customers.codes import Asker
from meterai.customers.contacts import Contact, ContactKind
from meterai.kit.database import Connection


class CodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A code somebody is trying, this attempt counted."""

    kind: ContactKind
    value: str
    code_mac: bytes
    attempts: int
    expires_at: datetime
    used_at: datetime | None


class TriedCode(CodeRow, frozen=True, kw_only=True):
    """The same, and the customer whose session the right code opened."""

    of_customer: uuid.UUID | None


class RecentCodes(msgspec.Struct, frozen=True, kw_only=True):
    """How many codes were asked for lately, and since when."""

    by_contact: int
    by_network: int
    """Of these, from the network that asks."""
    by_address: int
    """For whatever contacts, from the network that asks."""
    contact_since: datetime | None
    network_since: datetime | None
    address_since: datetime | None
    is_behind: bool
    """Whether none was written for a stranger because too many wait to be sent."""


async def add_organisation(
    tx: Connection, organisation_id: uuid.UUID, name: str, role: str, now: datetime
) -> None:
    """Writes an organisation; one that exists is left alone."""
    await tx.execute(
        "INSERT INTO customers.organisation VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
        organisation_id,
        name,
        role,
        now,
    )


async def ask_for_code(
    connection: Connection,
    code_id: uuid.UUID,
    contact: Contact,
    *,
    asker: Asker,
    code_macs: Sequence[bytes],
    address_mac: bytes,
    now: datetime,
    since: datetime,
    expires_at: datetime,
    per_contact_max: int,
    per_network_max: int,
    per_address_max: int,
    tried_since: datetime,
    behind_since: datetime,
    topic: str,
    messages: Sequence[dict[str, object]],
) -> RecentCodes:
    """Writes a code for a contact, and its message into the outbox, unless too many were asked for.

    `code_macs`, `messages`: of the short code and of the long one. The long one is used where somebody may be
    guessing, judged by the tries since `tried_since`. A stranger gets no code while many codes of strangers
    have been waiting since `behind_since`.

    Returns how many codes were asked for between `since` and now, without this one: the caller sees whether
    it was written. `by_contact` counts this kind of asker only. Parallel requests for one contact count each
    other.

    The call does not wait for the disk. If the database crashes and forgets a code, people ask for another.
    """
    row = await connection.fetchrow(
        """SELECT * FROM customers.ask_for_code($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
           $14, $15, $16, $17, $18, $19, $20, $21)
           WHERE set_config('synchronous_commit', 'off', true) = 'off'""",
        code_id,
        contact.kind,
        contact.value,
        asker,
        list(code_macs),
        address_mac,
        now,
        since,
        expires_at,
        per_contact_max,
        per_network_max,
        per_address_max,
        tried_since,
        codes.ATTEMPTS_MAX,
        codes.TRIED_PER_CONTACT,
        codes.TRIED_PER_ADDRESS,
        codes.OPEN_PER_ADDRESS,
        behind_since,
        codes.BEHIND_MIN,
        topic,
        list(messages),
    )
    assert row is not None
    return RecentCodes(**dict(row))


async def count_attempt(tx: Connection, code_id: uuid.UUID) -> CodeRow | None:
    """Counts one more attempt at a code and gives the code; None when there is no such code."""
    row = await tx.fetchrow(
        """UPDATE customers.code SET attempts = attempts + 1 WHERE id = $1
           RETURNING kind, value, code_mac, attempts, expires_at, used_at""",
        code_id,
    )
    return None if row is None else CodeRow(**dict(row))


async def try_code(
    connection: Connection,
    code_id: uuid.UUID,
    *,
    typed_mac: bytes,
    attempts_max: int,
    repeat_life: timedelta,
    new_customer_id: uuid.UUID,
    new_contact_id: uuid.UUID,
    organisation_id: uuid.UUID,
    language: str,
    token_digest: bytes,
    now: datetime,
    session_expires_at: datetime,
) -> TriedCode | None:
    """Counts one more attempt at a code; the right one finds or makes the customer and opens a session.

    None when there is no such code.

    The call does not wait for the disk. If the database crashes and forgets a session, its customer proves
    the contact again. What is written for the customer later is never on the disk without them.

    Raises: asyncpg.UniqueViolationError when the contact was given a customer in the same moment: try again.
    """
    row = await connection.fetchrow(
        """SELECT * FROM customers.try_code($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           WHERE set_config('synchronous_commit', 'off', true) = 'off'""",
        code_id,
        typed_mac,
        now,
        attempts_max,
        repeat_life,
        new_customer_id,
        new_contact_id,
        organisation_id,
        language,
        token_digest,
        session_expires_at,
    )
    return None if row is None else TriedCode(**dict(row))


async def lock_contacts(tx: Connection, customer_id: uuid.UUID) -> dict[uuid.UUID, Contact]:
    """The contacts of a customer, by id, the oldest first; nobody else changes them until `tx` ends."""
    await tx.execute("SELECT FROM customers.customer WHERE id = $1 FOR NO KEY UPDATE", customer_id)
    rows = await tx.fetch(
        """SELECT id, kind, value FROM customers.contact WHERE customer_id = $1 AND replaced_at IS NULL
           ORDER BY verified_at, id""",
        customer_id,
    )
    return {row["id"]: Contact(kind=row["kind"], value=row["value"]) for row in rows}


async def remove_contact(
    tx: Connection, customer_id: uuid.UUID, contact_id: uuid.UUID, now: datetime
) -> None:
    """Takes a contact off a customer and ends the sessions that it proved, or whose contact is unknown."""
    await tx.execute(
        "UPDATE customers.contact SET replaced_at = $3 WHERE id = $2 AND customer_id = $1",
        customer_id,
        contact_id,
        now,
    )
    await tx.execute(
        """DELETE FROM customers.session
           WHERE customer_id = $1 AND (contact_id = $2 OR contact_id IS NULL)""",
        customer_id,
        contact_id,
    )


async def use_code_for_contact(
    tx: Connection, code_id: uuid.UUID, *, customer_id: uuid.UUID, new_contact_id: uuid.UUID, now: datetime
) -> tuple[uuid.UUID, bool]:
    """Marks a code as used and gives its contact to `customer_id` unless it has an owner.

    Gives the owner, and whether it got this one now.

    Raises: asyncpg.UniqueViolationError when the contact was given a customer in the same moment: try again.
    """
    row = await tx.fetchrow(
        """
        WITH code AS (
            UPDATE customers.code SET used_at = coalesce(used_at, $4) WHERE id = $1 RETURNING kind, value
        ), known AS (
            SELECT c.customer_id FROM customers.contact c JOIN code USING (kind, value)
            WHERE c.replaced_at IS NULL
        ), added AS (
            INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            SELECT $3, $2, code.kind, code.value, $4 FROM code WHERE NOT EXISTS (SELECT FROM known)
            RETURNING customer_id
        )
        SELECT customer_id, false AS is_new FROM known UNION ALL SELECT customer_id, true FROM added
        """,
        code_id,
        customer_id,
        new_contact_id,
        now,
    )
    assert row is not None
    return row["customer_id"], row["is_new"]


async def delete_session(tx: Connection, token_digest: bytes) -> None:
    """Ends a session."""
    await tx.execute("DELETE FROM customers.session WHERE token_digest = $1", token_digest)


async def delete_expired(
    tx: Connection, *, codes_before: datetime, tried_before: datetime, sessions_before: datetime
) -> int:
    """Deletes codes and sessions that ended before these times; gives how many. `tried_before`: for
    unused codes with wrong tries."""
    deleted: int = await tx.fetchval(
        """WITH codes AS (
               DELETE FROM customers.code
               WHERE expires_at < $1 AND (attempts = 0 OR used_at IS NOT NULL OR expires_at < $2) RETURNING 1
           ), sessions AS (DELETE FROM customers.session WHERE expires_at < $3 RETURNING 1)
           SELECT (SELECT count(*) FROM codes) + (SELECT count(*) FROM sessions)""",
        codes_before,
        tried_before,
        sessions_before,
    )
    return deleted
