"""Every statement that writes customers' tables, mostly through functions that check what they are given."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from meterai.customers import codes
from meterai.customers.browsers import Browser, Which
from meterai.customers.codes import Asker, Budgets, Purpose, WorkBrought
from meterai.customers.contacts import Contact, ContactKind
from meterai.customers.probe import ProbeReach
from meterai.kit.database import Connection, call


class TriedCode(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try: `verdict` is right, wrong, used_up, expired or early, or what the function adds."""

    verdict: str
    kind: ContactKind | None
    value: str | None
    tries_left: int | None
    wait_until: datetime | None
    """When the next try of this code counts. None, or past: at once."""

    @property
    def contact(self) -> Contact:
        """The contact that the right code proved."""
        assert self.kind is not None, "the code was right"
        assert self.value is not None
        return Contact(kind=self.kind, value=self.value)


class SignedIn(TriedCode, frozen=True, kw_only=True):
    """The same, and the session that the right code opened."""

    of_customer: uuid.UUID | None
    session_until: datetime | None


class AddedContact(TriedCode, frozen=True, kw_only=True):
    """The same, and the customer to whom the contact belongs. Further verdicts: no_session, old_session."""

    owner: uuid.UUID | None
    is_new: bool


class ProvenContact(TriedCode, frozen=True, kw_only=True):
    """The same, and the order for which the code was asked."""

    order_id: str | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request for a code."""

    outcome: Literal["sent", "shared", "work", "many", "behind", "budget"]
    """`shared`: the request has the code of an earlier one, whose message was sent at `sent_at`."""
    asked_as: Asker
    """By what right the code was asked for, after the mark was looked at."""
    difficulty: int | None
    """Of the work that the request needed."""
    free_at: datetime | None
    """When a browser that asked for too many may ask again."""
    sent_at: datetime | None
    next_at: datetime | None
    """When the contact gets the next message."""
    until: datetime | None
    """When the code ends."""
    tries_from: datetime | None


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
    mark: str,
    purpose: Purpose,
    subject: uuid.UUID | None,
    address_mac: bytes,
    brought: WorkBrought,
    budgets: Budgets,
    now: datetime,
    message: dict[str, object],
) -> Asked:
    """Makes a code for a contact and its message in the outbox, or gives the request an open code.

    `mark`: the cookie of a browser that may be known. `message`: the database writes the code into it where
    `{code}` stands. Parallel requests for one contact count each other.

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
        _encoded(mark),
        purpose,
        None if subject is None else str(subject),
        address_mac,
        now,
        brought.needed,
        brought.work,
        brought.waited,
        now - codes.TRIED_WINDOW,
        codes.ATTEMPTS_MAX,
        codes.TRIED_PER_ADDRESS,
        codes.OPEN_PER_ADDRESS,
        now - codes.BEHIND_AFTER,
        codes.BEHIND_MIN,
        budgets.home,
        budgets.foreign_most,
        message,
    )
    assert row is not None
    return Asked(**{**dict(row), "asked_as": Asker(row["asked_as"])})


async def try_code(
    connection: Connection,
    code_id: uuid.UUID,
    *,
    typed: str,
    new_customer_id: uuid.UUID,
    new_contact_id: uuid.UUID,
    organisation_id: uuid.UUID,
    language: str,
    browser: Browser,
    token_digest: bytes,
    mark_digest: bytes,
    now: datetime,
) -> SignedIn:
    """Counts a try of a code; the right one finds or makes the customer and opens a session.

    The call does not wait for the disk. If the database crashes and forgets a session, its customer proves
    the contact again. What is written for the customer later is never on the disk without them.

    Raises: asyncpg.UniqueViolationError when the contact was given a customer in the same moment: try again.
    """
    row = await connection.fetchrow(
        """SELECT * FROM customers.try_code($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           WHERE set_config('synchronous_commit', 'off', true) = 'off'""",
        code_id,
        typed,
        now,
        new_customer_id,
        new_contact_id,
        organisation_id,
        language,
        token_digest,
        mark_digest,
        browser.name,
        browser.system,
        _encoded(browser.token),
        _encoded(browser.mark),
    )
    assert row is not None
    return SignedIn(**dict(row))


async def prove_contact(
    connection: Connection, code_id: uuid.UUID, typed: str, now: datetime
) -> ProvenContact:
    """Counts a try of a code for an act with an order; the right one makes a proof with the code's id.

    The call does not wait for the disk: the act that uses the proof does.
    """
    row = await connection.fetchrow(
        """SELECT * FROM customers.prove_contact($1, $2, $3)
           WHERE set_config('synchronous_commit', 'off', true) = 'off'""",
        code_id,
        typed,
        now,
    )
    assert row is not None
    return ProvenContact(**dict(row))


async def add_contact(
    tx: Connection, token: str, code_id: uuid.UUID, typed: str, *, new_contact_id: uuid.UUID, now: datetime
) -> AddedContact:
    """Counts a try of a code; the right one adds its contact to the customer of a session.

    The customer's contacts are locked until `tx` ends.

    Raises: asyncpg.UniqueViolationError when the contact was given a customer in the same moment: try again.
    """
    statement = call("customers.add_contact", 5, whole_row=True)
    row = await tx.fetchrow(statement, token.encode(), code_id, typed, new_contact_id, now)
    assert row is not None
    return AddedContact(**dict(row))


async def remove_contact(
    tx: Connection, token: str, contact_id: uuid.UUID, now: datetime
) -> tuple[str, Contact | None]:
    """Takes a contact off the customer of a session and ends the sessions that it proved.

    Gives the verdict (removed, not_theirs, proves_you, no_session, old_session) and the contact that was
    removed. The customer's contacts are locked until `tx` ends.
    """
    row = await tx.fetchrow(
        call("customers.remove_contact", 3, whole_row=True), token.encode(), contact_id, now
    )
    assert row is not None
    removed = Contact(kind=row["kind"], value=row["value"]) if row["kind"] else None
    return row["verdict"], removed


async def contacts_of(tx: Connection, customer_id: uuid.UUID) -> dict[uuid.UUID, Contact]:
    """The contacts of a customer, by id, the oldest first."""
    rows = await tx.fetch(
        """SELECT id, kind, value FROM customers.contact WHERE customer_id = $1 AND replaced_at IS NULL
           ORDER BY verified_at, id""",
        customer_id,
    )
    return {row["id"]: Contact(kind=row["kind"], value=row["value"]) for row in rows}


async def end_session(connection: Connection, token: str, mark: str) -> None:
    """Ends the session of these cookies, and what its browser is known by."""
    await connection.execute(call("customers.end_session", 2), _encoded(token), _encoded(mark))


async def end_sessions(
    connection: Connection, token: str, which: Which, target: bytes | None, now: datetime
) -> int:
    """Ends sessions of the customer who is signed in with `token`; gives how many."""
    ended: int = await connection.fetchval(
        call("customers.end_sessions", 4), token.encode(), which, target, now
    )
    return ended


async def use_session(connection: Connection, token: str, now: datetime) -> None:
    """Notes that a session was used. The commit does not wait for the disk."""
    await connection.execute(
        "SELECT customers.use_session($1, $2) WHERE set_config('synchronous_commit', 'off', true) = 'off'",
        token.encode(),
        now,
    )


def _encoded(cookie: str) -> bytes | None:
    return cookie.encode() if cookie else None


async def delete_expired(
    tx: Connection,
    *,
    codes_before: datetime,
    tried_before: datetime,
    sessions_before: datetime,
    proofs_before: datetime,
    counts_before: date,
) -> int:
    """Deletes codes and sessions that ended before these times, and older proofs; gives how many.

    `tried_before`: for unused codes with wrong tries, and for counts of messages to a contact.
    """
    deleted: int = await tx.fetchval(
        """WITH codes AS (
               DELETE FROM customers.code
               WHERE expires_at < $1 AND (attempts = 0 OR used_at IS NOT NULL OR expires_at < $2) RETURNING 1
           ), sessions AS (
               DELETE FROM customers.session WHERE coalesce(known_until, expires_at) < $3 RETURNING 1
           ), proofs AS (DELETE FROM customers.proof WHERE proved_at < $4 RETURNING 1),
           messages AS (DELETE FROM customers.code_message WHERE sent_at < $2 RETURNING 1),
           counts AS (DELETE FROM customers.code_count WHERE day < $5 RETURNING 1)
           SELECT (SELECT count(*) FROM codes) + (SELECT count(*) FROM sessions)
               + (SELECT count(*) FROM proofs)""",
        codes_before,
        tried_before,
        sessions_before,
        proofs_before,
        counts_before,
    )
    return deleted


async def forget_contacts(connection: Connection, *, removed_before: datetime, idle_before: datetime) -> int:
    """Deletes contacts whose term is over; gives how many."""
    forgotten: int = await connection.fetchval(
        call("customers.forget_contacts", 2), removed_before, idle_before
    )
    return forgotten


async def set_probe(
    connection: Connection,
    contact: Contact | None,
    reach: ProbeReach,
    *,
    new_customer: uuid.UUID,
    new_contact: uuid.UUID,
    now: datetime,
) -> bool:
    """Turns the probe on for a contact, or off. False: the contact is a person's."""
    is_set: bool = await connection.fetchval(
        call("customers.set_probe", 6),
        contact.kind if contact else None,
        contact.value if contact else None,
        reach,
        new_customer,
        new_contact,
        now,
    )
    return is_set


async def open_probe_session(connection: Connection, digest: bytes, now: datetime) -> dict[str, Any] | None:
    """Opens a session of the probe; None when it is off. The keys are those of `ProbeSession`."""
    row = await connection.fetchrow(call("customers.open_probe_session", 2, whole_row=True), digest, now)
    if row is None or row["of_customer"] is None:
        return None
    return {
        "customer_id": row["of_customer"],
        "expires_at": row["session_until"],
        "free_at": row["free_at"],
        "open_order": row["open_order"],
    }
