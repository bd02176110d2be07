"""Makes the new links of orders that officers moved to another contact, and tells both contacts."""

from __future__ import annotations

import uuid
from typing import Any, Final

from meterai.customers.contacts import Contact
from meterai.kernel.clock import Clock
from meterai.kernel.ids import token_digest
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import Message, entry_of
from meterai.sales.news import OrderToTell
from meterai.sales.store import order_links, order_news
from meterai.sales.use_cases.open_order import link_token, order_token
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.letters import Letter
from meterai.texts.mechanism.translation import translate
from meterai.texts.order_news import MOVED_AWAY, MOVED_HERE

MOVED_TOPIC: Final = "sales.contact_changed"
"""Topic of the outbox: {order_id, round, told}. `sales.change_contact` (SQL) writes its rows. `told`: the
contacts before."""
_AT_ONCE = 8
_LEASE_SECONDS = 60.0


async def tell_moved_orders(db: Database, secret: bytes, *, public_url: str, clock: Clock) -> int:
    """Tells the contacts of up to `_AT_ONCE` orders. Returns how many orders.

    The link, the messages and the end of the row are one transaction, so nobody is told twice.
    """
    entries = await outbox.claim(db, clock(), limit=_AT_ONCE, lease_s=_LEASE_SECONDS, topics=(MOVED_TOPIC,))
    for entry in entries:
        await _tell(db, entry, secret, public_url=public_url, clock=clock)
    return len(entries)


async def _tell(db: Database, entry: outbox.Entry, secret: bytes, *, public_url: str, clock: Clock) -> None:
    order_id, round = uuid.UUID(entry.payload["order_id"]), int(entry.payload["round"])
    async with db.transaction() as tx:
        before = await order_links.lock_owned(tx, order_id)
        new = order_token(secret, before.submit_id, round)
        await order_links.renew_link(tx, order_id, round, token_digest(new))
        order = (await order_news.read_orders_to_tell(tx, [order_id]))[order_id]
        if await outbox.end(tx, entry.id):
            messages = _messages(order, entry.payload["told"], secret, public_url)
            await outbox.enqueue_many(tx, [entry_of(one) for one in messages], clock())


def _messages(
    order: OrderToTell, told: list[dict[str, Any]], secret: bytes, public_url: str
) -> list[Message]:
    site = f"{public_url.rstrip('/')}{prefix_of(order.language)}"
    token = link_token(secret, order.submit_id, order.token_round, order.token_digest)
    here = _contact(order.contact_kind, order.contact_value)
    facts = {
        "number": order.number,
        "contact": here.masked if here else "",
        "link": f"{site}/p/{token}",
        "help": f"{site}/pengaduan?soal=account&nomor={order.number}",
    }
    away = [_contact(one["kind"], one["value"]) for one in told]
    both = [(one, MOVED_AWAY) for one in away] + [(here, MOVED_HERE)]
    return [_message(to, letter, facts, order.language) for to, letter in both if to is not None]


def _contact(kind: Any, value: str | None) -> Contact | None:
    return None if kind is None or value is None else Contact(kind=kind, value=value)


def _message(to: Contact, letter: Letter, facts: dict[str, str], language: str) -> Message:
    subject, text = (translate(sentence, language).format_map(facts) for sentence in letter)
    return Message(to_kind=to.kind, to=to.value, subject=subject, text=text, language=language)
