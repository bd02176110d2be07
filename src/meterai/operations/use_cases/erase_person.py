"""Erases a person (UU 27/2022, articles 8 and 43), once two officers have signed. It can't be undone.

What the books need stays under the customer's id alone. Stamps on documents can still be verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import asyncpg
import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.database import Connection, Database, call
from meterai.operations.use_cases.look_at_person import Person, facts_of, look_at_person


class PersonToErase(msgspec.Struct, frozen=True, kw_only=True):
    """A person as two officers decide about them."""

    person: Person
    facts: Mapping[str, object]


async def prepare_erasure(db: Database, contact: Contact, *, reason: str) -> PersonToErase:
    """Looks at the person behind a contact before anybody signs. Raises: what `refuse_unsettled` raises."""
    person = await look_at_person(db, contact)
    refuse_unsettled(person)
    return PersonToErase(person=person, facts=facts_of(contact, reason))


async def erase_person(
    db: Database, person: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> dict[str, int]:
    """Erases the person that `facts` name. Returns how many rows of each kind there were.

    Raises: Refusal FORBIDDEN `officer.unsigned`; CONFLICT `person.not_settled`.
    """
    async with db.transaction() as tx:
        return await erase_person_in(tx, person, facts, actor=actor, now=now)


async def erase_person_in(
    tx: Connection, person: str, facts: Mapping[str, object], *, actor: Actor, now: datetime
) -> dict[str, int]:
    """Does what `erase_person` does, in the transaction of an officer's signature."""
    try:
        with officers_refusals():
            held: dict[str, int] = await tx.fetchval(
                call("operations.erase_person", 5), person, dict(facts), actor.name, actor.request, now
            )
    except asyncpg.PostgresError as error:
        if error.sqlstate != "PE001":
            raise
        raise Refusal(Kind.CONFLICT, "person.not_settled", what="meterai person erase --dry-run") from error
    return held


def refuse_unsettled(person: Person) -> None:
    """Refuses before anybody signs. Raises: Refusal NOT_FOUND `person.unknown`; CONFLICT
    `person.not_settled`."""
    if not person.is_known:
        raise Refusal(Kind.NOT_FOUND, "person.unknown")
    if person.blockers:
        raise Refusal(Kind.CONFLICT, "person.not_settled", what=words_of(person.blockers))


_BLOCKERS: Mapping[str, str] = {
    "order": "orders that can still be paid, or are being stamped",
    "payment": "payments that may still come late",
    "refund": "refunds that are not paid",
    "quota": "stamps of quota that are not used or given back",
    "stamping": "documents that are being stamped",
    "time_stamp": "stamps that wait for their time stamp",
}


def words_of(blockers: Mapping[str, int]) -> str:
    """What is not settled, in words for officers."""
    return "; ".join(f"{count} {_BLOCKERS[code]}" for code, count in sorted(blockers.items()))
