"""Tells customers how stamping from quota ended. The page says that they may close it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from meterai.customers.choice_queries import order_addresses
from meterai.customers.contacts import Contact
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import Message, entry_of
from meterai.stamping.store import awaited
from meterai.stamping.store.awaited import Awaited
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.stamping_ends import STAMPING_ENDS

TOLD_AFTER = timedelta(seconds=60)
"""Customers get a message if stamping took longer: otherwise they saw it on the page.

Refusals are always sent.
"""


async def await_end(
    db: Database, id: UUID, *, customer_id: UUID, contact_id: UUID | None, now: datetime
) -> None:
    """Notes that the customer wants to hear how the document or bundle `id` ended. Safe to repeat.

    It is noted before stamping begins. If stamping never begins, no message is sent.
    """
    async with db.connection() as connection:
        await awaited.note(connection, id, customer_id=customer_id, contact_id=contact_id, now=now)


async def tell_ends(db: Database, *, public_url: str, now: datetime, limit: int = 50) -> int:
    """Sends messages to customers whose stamping took longer than `TOLD_AFTER` or was refused.

    Returns how many ends it saw. The link shows nothing to people who are not signed in.
    """
    async with db.transaction() as tx:
        ended = await awaited.take_ended(tx, now - TOLD_AFTER, limit=limit)
        told = [one for one in ended if _is_news(one)]
        if told:
            where = await order_addresses(tx, [one.asked for one in told])
            messages = [
                _message(one, *where[one.asked], public_url.rstrip("/")) for one in told if one.asked in where
            ]
            await outbox.enqueue_many(tx, [entry_of(one) for one in messages], now)
    return len(ended)


def _is_news(one: Awaited) -> bool:
    if one.ended_at is None or one.ended_at <= one.since:
        return False
    return one.ended_at > one.since + TOLD_AFTER or (one.refused > 0 and not one.is_bundle)


def _message(one: Awaited, contact: Contact, language: str, base: str) -> Message:
    kind = "refused" if one.refused else "stamped"
    if one.is_bundle:
        kind = "bundle_partly" if one.refused else "bundle"
    subject, text = (translate(sentence, language) for sentence in STAMPING_ENDS[kind])
    path = f"/saya/banyak/{one.id}" if one.is_bundle else f"/saya/dokumen/{one.id}"
    facts = {"stamped": one.stamped, "refused": one.refused, "link": f"{base}{prefix_of(language)}{path}"}
    return Message(
        to_kind=contact.kind,
        to=contact.value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=language,
    )
