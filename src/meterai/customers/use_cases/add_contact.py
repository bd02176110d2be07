"""Gives a customer one more contact: a person who changes the phone number keeps the quota."""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg

from meterai.customers import store
from meterai.customers.contact_changes import lock_contacts, note_change, refuse_old_proof
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.customers.use_cases.verify_code import check_code
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database


async def add_contact(
    db: Database, secret: bytes, by: SessionCustomer, code_id: uuid.UUID, text: str, *, now: datetime
) -> Contact:
    """Checks the code sent to the new contact and attaches the contact to the customer who is signed in.

    The other contacts are told. Safe to repeat.

    Raises: what `verify_code` says; Refusal FORBIDDEN `contact.prove_first`; CONFLICT `contact.taken` when it
    belongs to another customer, who must sign in with it.
    """
    refuse_old_proof(by, now)
    contact = await check_code(db, secret, code_id, text, now=now)
    try:
        owner = await _attach(db, by, code_id, contact, now)
    except asyncpg.UniqueViolationError:
        owner = await _attach(db, by, code_id, contact, now)
    if owner != by.customer_id:
        raise Refusal(Kind.CONFLICT, "contact.taken")
    return contact


async def _attach(
    db: Database, by: SessionCustomer, code_id: uuid.UUID, contact: Contact, now: datetime
) -> uuid.UUID:
    contact_id = new_id(now)
    async with db.transaction() as tx:
        known = await lock_contacts(tx, by)
        owner, is_new = await store.use_code_for_contact(
            tx, code_id, customer_id=by.customer_id, new_contact_id=contact_id, now=now
        )
        if is_new:
            await note_change(tx, by, "add", contact_id, contact, tell=known.values(), now=now)
    return owner
