"""Changes of a customer's contacts: who may make them, and who is told.

A person who proves a contact has the account. So a session that was left open can't change contacts. Each
change is reported to the other contacts: a stranger may be making it, such as the number's next owner.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection
from meterai.kit.messages import Message, entry_of
from meterai.texts.customer_messages import CONTACT_CHANGES
from meterai.texts.mechanism.translation import translate

type Change = Literal["add", "remove"]


def refuse_old_proof(by: SessionCustomer, now: datetime) -> None:
    """Raises: Refusal FORBIDDEN `contact.prove_first` for a session that was not opened by a recent code."""
    if not by.has_fresh_proof(now):
        raise Refusal(Kind.FORBIDDEN, "contact.prove_first")


def refuse_session(verdict: str) -> None:
    """Raises: Refusal FORBIDDEN `contact.prove_first` for such a session; FORBIDDEN `session.missing` when it
    ended, or what proved it was taken off at the same moment."""
    if verdict == "old_session":
        raise Refusal(Kind.FORBIDDEN, "contact.prove_first")
    if verdict == "no_session":
        raise Refusal(Kind.FORBIDDEN, "session.missing")


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
    words = CONTACT_CHANGES[change]
    news = [
        Message(
            to_kind=one.kind,
            to=one.value,
            subject=translate(words.subject, by.language),
            text=translate(words.text, by.language).format(contact=contact.masked),
            language=by.language,
        )
        for one in tell
    ]
    await outbox.enqueue_many(tx, [entry_of(one) for one in news], now)
