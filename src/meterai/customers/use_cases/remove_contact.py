"""Takes a contact off a customer, so that the number's next owner can't open the account."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.customers import store
from meterai.customers.contact_changes import note_change, refuse_session
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection


class RemovedContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that is no longer the customer's, and one that is."""

    removed: Contact
    stays: Contact
    """By which the session was proven."""


async def remove_contact(
    tx: Connection, by: SessionCustomer, contact_id: uuid.UUID, *, now: datetime
) -> RemovedContact | None:
    """Takes a contact off the customer who is signed in; None: it is not theirs, or no longer.

    Sessions that it proved end. All contacts are told, this one too. One contact always stays: the one that
    proved the session.

    Raises: Refusal FORBIDDEN `contact.prove_first`, `session.missing` (what proved the session was taken off
    at the same moment); CONFLICT `contact.proves_you`.
    """
    verdict, removed = await store.remove_contact(tx, by.token, contact_id, now)
    refuse_session(verdict)
    if verdict == "proves_you":
        raise Refusal(Kind.CONFLICT, "contact.proves_you")
    if removed is None:
        return None
    assert by.proven_by is not None, "the function found the session's contact"
    known = await store.contacts_of(tx, by.customer_id)
    await note_change(tx, by, "remove", contact_id, removed, tell=[*known.values(), removed], now=now)
    return RemovedContact(removed=removed, stays=known[by.proven_by])
