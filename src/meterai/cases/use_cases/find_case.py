"""Finds a case for the person who opened it."""

from __future__ import annotations

from datetime import datetime

from meterai.cases import store
from meterai.cases.model import Case, read_case_code, read_case_number
from meterai.customers.contacts import canonical_contact
from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database


async def find_case(db: Database, number: str, proof: str, *, now: datetime) -> Case:
    """The case of a number. `proof`: its contact, or the code that its link has.

    A wrong number and a wrong proof get the same answer, so nobody learns which numbers there are.

    Raises: Refusal NOT_FOUND `case.not_found`; BUSY `case.too_many_tries`; INVALID `contact.unreadable`.
    """
    code = read_case_code(proof)
    contact = None if code else canonical_contact(proof)
    async with db.transaction() as tx:
        found = await store.look_up(
            tx,
            read_case_number(number),
            secret=token_digest(code) if code else None,
            contact=contact,
            now=now,
        )
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "case.not_found")
    return found
