"""Gives a customer one more contact: a person who changes the phone number keeps the quota."""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg

from meterai.customers import store
from meterai.customers.contacts import Contact
from meterai.customers.use_cases.verify_code import check_code
from meterai.kernel.errors import Kind, Refusal
from meterai.kernel.ids import new_id
from meterai.kit.database import Database


async def add_contact(
    db: Database, secret: bytes, customer_id: uuid.UUID, code_id: uuid.UUID, text: str, *, now: datetime
) -> Contact:
    """Checks the code sent to the new contact and attaches the contact to the customer. Safe to repeat.

    Raises: what `verify_code` says; Refusal CONFLICT `contact.taken` when it belongs to another customer,
    who must sign in with it.
    """
    contact = await check_code(db, secret, code_id, text, now=now)
    try:
        owner = await _attach(db, code_id, customer_id, now)
    except asyncpg.UniqueViolationError:
        owner = await _attach(db, code_id, customer_id, now)
    if owner != customer_id:
        raise Refusal(Kind.CONFLICT, "contact.taken")
    return contact


async def _attach(db: Database, code_id: uuid.UUID, customer_id: uuid.UUID, now: datetime) -> uuid.UUID:
    async with db.connection() as connection:
        return await store.use_code_for_contact(
            connection, code_id, customer_id=customer_id, new_contact_id=new_id(now), now=now
        )
