"""Messages to the owners of an organisation about its webhooks."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from meterai.customers.contacts import Contact
from meterai.customers.queries import addresses_of
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit import outbox
from meterai.kit.database import Connection
from meterai.kit.messages import Message, entry_of
from meterai.partners.webhooks import store
from meterai.partners.webhooks.model import Visit
from meterai.texts.mechanism.translation import translate
from meterai.texts.webhook_ends import WEBHOOK_ENDS


async def tell_owners(tx: Connection, visit: Visit, because: str, *, now: datetime) -> None:
    """Asks for a message to each owner who has a contact: the webhook is disabled, and why."""
    found = await addresses_of(tx, [(id, None) for id in await store.owners(tx, visit.organisation_id)])
    messages = [_message(visit, because, contact, language) for contact, language in found.values()]
    await outbox.enqueue_many(tx, [entry_of(message) for message in messages], now)


def _message(visit: Visit, because: str, contact: Contact, language: str) -> Message:
    subject, text = (translate(sentence, language) for sentence in WEBHOOK_ENDS[because])
    host = urlsplit(visit.url).hostname or ""  # the rest of the address may hold a secret
    facts = {"host": host, "id": write_id(Prefix.WEBHOOK, visit.webhook_id)}
    return Message(
        to_kind=contact.kind,
        to=contact.value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=language,
    )
