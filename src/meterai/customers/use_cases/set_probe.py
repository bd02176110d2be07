"""Names the account of the probe, by a contact that is nobody else's."""

from __future__ import annotations

from datetime import datetime

from meterai.customers import store
from meterai.customers.contacts import canonical_contact
from meterai.customers.probe import ProbeReach
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database


async def set_probe(db: Database, contact: str, *, reach: ProbeReach, now: datetime) -> None:
    """Turns the probe on with this contact, or off when it is empty. Doing it again changes nothing.

    The contact is never sent a code: the account is made with it, and its sessions prove no contact.

    Raises: Refusal INVALID `contact.unreadable`; CONFLICT `probe.contact_taken`, and the probe is off, when
    the contact is a person's.
    """
    to = canonical_contact(contact) if contact else None
    async with db.connection() as connection:
        is_set = await store.set_probe(
            connection, to, reach, new_customer=new_id(now), new_contact=new_id(now), now=now
        )
    if not is_set:
        raise Refusal(Kind.CONFLICT, "probe.contact_taken")
