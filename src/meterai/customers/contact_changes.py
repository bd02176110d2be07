"""A customer's contacts change: who may, and who hears of it.

Whoever proves a contact has the account; so nobody may change that from a session left open, and those who
can be reached otherwise hear of it: somebody else may be at it, such as the next owner of a phone number.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from meterai.customers import store
from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection
from meterai.kit.messages import MESSAGE_TOPICS, Message

type Change = Literal["add", "remove"]

_TEXTS: dict[tuple[Change, str], tuple[str, str]] = {
    ("add", "id"): (
        "Kontak baru pada akun Meterai Anda",
        "{contact} sekarang juga menjadi kontak akun Meterai Anda: "
        "siapa pun yang memegangnya dapat masuk.\n\n"
        "Bukan Anda yang menambahkannya? Masuk ke Meterai saya dengan kontak Anda sendiri "
        "dan hapus kontak itu.",
    ),
    ("add", "en"): (
        "A new contact of your Meterai account",
        "{contact} is now a contact of your Meterai account too: whoever holds it can sign in.\n\n"
        "Was it not you who added it? Sign in to My stamps with your own contact and remove it.",
    ),
    ("remove", "id"): (
        "Kontak dihapus dari akun Meterai Anda",
        "{contact} bukan lagi kontak akun Meterai Anda dan tidak dapat dipakai lagi untuk masuk.\n\n"
        "Bukan Anda yang menghapusnya? Masuk dengan kontak Anda yang lain dan periksa Kontak Anda, "
        "atau segera hubungi kami.",
    ),
    ("remove", "en"): (
        "A contact was removed from your Meterai account",
        "{contact} is no longer a contact of your Meterai account; "
        "nobody can sign in to it that way any more.\n\n"
        "Was it not you who removed it? Sign in with another contact of yours and look at Your contacts, "
        "or contact us at once.",
    ),
}


def refuse_old_proof(by: SessionCustomer, now: datetime) -> None:
    """Raises: Refusal FORBIDDEN `contact.prove_first` for a session that no code of late opened."""
    if not by.has_fresh_proof(now):
        raise Refusal(Kind.FORBIDDEN, "contact.prove_first")


async def lock_contacts(tx: Connection, by: SessionCustomer) -> dict[uuid.UUID, Contact]:
    """The customer's contacts, by id, the oldest first; nobody else changes them until `tx` ends.

    Raises: Refusal FORBIDDEN `session.missing` when what proved the session was taken off at the same moment.
    """
    known = await store.lock_contacts(tx, by.customer_id)
    if by.proven_by not in known:
        raise Refusal(Kind.FORBIDDEN, "session.missing")
    return known


async def note_change(
    tx: Connection,
    by: SessionCustomer,
    change: Change,
    contact_id: uuid.UUID,
    contact: Contact,
    *,
    tell: Iterable[Contact],
    now: datetime,
) -> None:
    """Writes a change into the audit trail, and its news to the contacts in `tell`."""
    facts = {"contact": str(contact_id), "proven_by": str(by.proven_by)}
    await write_audit(
        tx, actor="customer", action=f"contact.{change}", subject=str(by.customer_id), facts=facts, now=now
    )
    subject, text = _TEXTS[change, by.language]
    news = [
        Message(
            to_kind=one.kind,
            to=one.value,
            subject=subject,
            text=text.format(contact=contact.masked),
            language=by.language,
        )
        for one in tell
    ]
    entries = [(MESSAGE_TOPICS[one.to_kind], msgspec.structs.asdict(one)) for one in news]
    await outbox.enqueue_many(tx, entries, now)
