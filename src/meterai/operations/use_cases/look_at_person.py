"""Looks up what we hold of the person behind a contact, and what must be settled before it can be erased."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from meterai.customers.contacts import Contact
from meterai.kit.database import Database, call


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The person behind a contact."""

    id: str
    """Stands for the person in the audit trail: the customer's id if there is one."""
    is_customer: bool
    blockers: dict[str, int]
    """What is not settled: kind -> how many; of quota, stamps."""
    held: dict[str, int]
    """What we hold: kind -> how many rows."""

    @property
    def is_known(self) -> bool:
        """Whether we hold anything."""
        return self.is_customer or any(self.held.values())


async def look_at_person(db: Database, contact: Contact) -> Person:
    """Looks the person up. Changes nothing."""
    async with db.connection() as connection:
        found = await connection.fetchval(call("operations.look_at_person", 2), contact.kind, contact.value)
    return msgspec.convert(found, Person)


def facts_of(contact: Contact, reason: str) -> Mapping[str, object]:
    """What officers sign about a person."""
    return {"kind": contact.kind, "contact": contact.value, "reason": reason}
