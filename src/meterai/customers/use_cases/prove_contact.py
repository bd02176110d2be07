"""Proves a contact for one act with an order, such as naming a refund account."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.customers import codes, store
from meterai.customers.contacts import Contact
from meterai.customers.tries import refuse_unproven
from meterai.kit.database import Database


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof for one act. The act's own SQL function uses it up (`customers.use_proof`)."""

    proof_id: uuid.UUID
    """It lets its holder act: it belongs into a cookie or a form, not into an address."""
    order_id: uuid.UUID
    """The order for which the code was asked."""
    contact: Contact


async def prove_contact(db: Database, code_id: uuid.UUID, text: str, *, now: datetime) -> Proof:
    """Tries what a person typed with a code that was asked for with `Purpose.ORDER_ACT` and an order.

    The right code makes the proof; typed again within a minute it gives the same one. The proof names the
    contact's customer: the act compares the customer with the order's.

    Raises: what `verify_code` says.
    """
    async with db.connection() as connection:  # one statement is one transaction
        tried = await store.prove_contact(connection, code_id, codes.read_code(text), now)
    refuse_unproven(tried, now)
    assert tried.order_id is not None, "it was right"
    return Proof(proof_id=code_id, order_id=uuid.UUID(tried.order_id), contact=tried.contact)
