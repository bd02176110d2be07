"""Gives a customer one more contact: a person who changes the phone number keeps the quota."""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg

from meterai.customers import store
from meterai.customers.codes import read_code
from meterai.customers.contact_changes import note_change, refuse_session
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.customers.tries import refuse_unproven
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database


async def add_contact(
    db: Database, by: SessionCustomer, code_id: uuid.UUID, text: str, *, now: datetime
) -> Contact:
    """Tries the code sent to the new contact and adds the contact to the customer who is signed in.

    The code must have been asked for with `Purpose.CONTACT` and this customer. The other contacts are told.
    Safe to repeat.

    Raises: what `verify_code` says; Refusal FORBIDDEN `contact.prove_first`, `session.missing`; CONFLICT
    `contact.taken` when it belongs to another customer, who must sign in with it.
    """
    try:
        tried = await _add(db, by, code_id, text, now)
    except asyncpg.UniqueViolationError:
        tried = await _add(db, by, code_id, text, now)
    refuse_session(tried.verdict)
    refuse_unproven(tried, now)
    if tried.owner != by.customer_id:
        raise Refusal(Kind.CONFLICT, "contact.taken")
    return tried.contact


async def _add(
    db: Database, by: SessionCustomer, code_id: uuid.UUID, text: str, now: datetime
) -> store.AddedContact:
    contact_id = new_id(now)
    async with db.transaction() as tx:
        tried = await store.add_contact(
            tx, by.token, code_id, read_code(text), new_contact_id=contact_id, now=now
        )
        if tried.is_new:
            known = await store.contacts_of(tx, by.customer_id)
            others = [one for id, one in known.items() if id != contact_id]
            await note_change(tx, by, "add", contact_id, tried.contact, tell=others, now=now)
    return tried
