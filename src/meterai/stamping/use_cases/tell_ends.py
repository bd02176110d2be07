"""Tells customers how stamping from quota ended: they read that they may close the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from meterai.customers.contacts import Contact
from meterai.customers.queries import addresses_of
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import MESSAGE_TOPICS, Message
from meterai.stamping.store import awaited
from meterai.stamping.store.awaited import Awaited

TOLD_AFTER = timedelta(seconds=60)
"""Who got the stamps sooner saw them on the page. Of a refusal everybody is told."""

_TEXTS: Final = {
    "id": {
        "stamped": (
            "Dokumen Anda sudah bermeterai",
            "Meterai dari kuota Anda sudah dibubuhkan. Unduh dokumennya di Meterai saya:\n{link}",
        ),
        "refused": (
            "Dokumen tidak dapat dibubuhi",
            "Dokumen Anda tidak dapat dibubuhi meterai, dan kuotanya tidak terpakai. Alasannya, dan yang "
            "dapat dilakukan, ada di sini:\n{link}",
        ),
        "bundle": (
            "Selesai: {stamped} dokumen sudah bermeterai",
            "{stamped} dokumen sudah dibubuhi meterai dari kuota Anda. Unduh semuanya di sini:\n{link}",
        ),
        "bundle_partly": (
            "Selesai dengan catatan: {stamped} dokumen sudah bermeterai",
            "{stamped} dokumen sudah dibubuhi meterai dari kuota Anda. Yang tidak dapat dibubuhi: {refused}, "
            "dan kuotanya tidak terpakai. Unduh hasilnya dan lihat alasannya di sini:\n{link}",
        ),
    },
    "en": {
        "stamped": (
            "Your document is stamped",
            "The stamp from your quota is on your document. Download it in My stamps:\n{link}",
        ),
        "refused": (
            "A document could not be stamped",
            "Your document could not be stamped, and no quota was used for it. Why, and what can be done, "
            "stands here:\n{link}",
        ),
        "bundle": (
            "Finished: documents stamped: {stamped}",
            "Documents that were stamped from your quota: {stamped}. Download all of them here:\n{link}",
        ),
        "bundle_partly": (
            "Finished with remarks: documents stamped: {stamped}",
            "Documents that were stamped from your quota: {stamped}. Could not be stamped: {refused}, for "
            "which no quota was used. Download the result and see why here:\n{link}",
        ),
    },
}


async def await_end(
    db: Database, id: UUID, *, customer_id: UUID, contact_id: UUID | None, now: datetime
) -> None:
    """Notes that the customer will want to hear how the document or bundle `id` ended. Safe to repeat.

    Noted before the stamping begins: what never begins is told to nobody.
    """
    async with db.connection() as connection:
        await awaited.note(connection, id, customer_id=customer_id, contact_id=contact_id, now=now)


async def tell_ends(db: Database, *, public_url: str, now: datetime, limit: int = 50) -> int:
    """Has those told whose stamps took longer than `TOLD_AFTER`, or were refused; gives how many ends it saw.

    The link says nothing to anybody who is not signed in.
    """
    async with db.transaction() as tx:
        ended = await awaited.take_ended(tx, now - TOLD_AFTER, limit=limit)
        told = [one for one in ended if _is_news(one)]
        if told:
            where = await addresses_of(tx, [one.asked for one in told])
            messages = [
                _message(one, *where[one.asked], public_url.rstrip("/")) for one in told if one.asked in where
            ]
            entries = [(MESSAGE_TOPICS[one.to_kind], msgspec.structs.asdict(one)) for one in messages]
            await outbox.enqueue_many(tx, entries, now)
    return len(ended)


def _is_news(one: Awaited) -> bool:
    if one.ended_at is None or one.ended_at <= one.since:
        return False
    return one.ended_at > one.since + TOLD_AFTER or (one.refused > 0 and not one.is_bundle)


def _message(one: Awaited, contact: Contact, language: str, base: str) -> Message:
    kind = "refused" if one.refused else "stamped"
    if one.is_bundle:
        kind = "bundle_partly" if one.refused else "bundle"
    subject, text = _TEXTS["en" if language == "en" else "id"][kind]
    prefix = "/en" if language == "en" else ""
    path = f"/saya/banyak/{one.id}" if one.is_bundle else f"/saya/dokumen/{one.id}"
    facts = {"stamped": one.stamped, "refused": one.refused, "link": f"{base}{prefix}{path}"}
    return Message(
        to_kind=contact.kind,
        to=contact.value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=language,
    )
