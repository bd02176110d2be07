"""Sends news of orders to their customers: what the outbox topic `sales.order_news` asks for."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog

from meterai.customers.choice_queries import choices_of
from meterai.customers.choices import Choices, order_contact
from meterai.customers.contacts import Contact
from meterai.customers.queries import proven_contacts
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import KEPT_FOR, Message, is_given_up, key_of
from meterai.sales.news import PAID_NEWS_AFTER, TOPIC, News, OrderToTell, message_of
from meterai.sales.refund_news import RefundNews, RefundToTell, refund_message
from meterai.sales.stop_links import StopLink, make_stop_token
from meterai.sales.store import order_news
from meterai.sales.use_cases.open_order import link_token
from meterai.texts.mechanism.languages import prefix_of

log = structlog.get_logger(__name__)
LEASE_SECONDS = 30.0
RETRY_SECONDS_MAX = 120.0


class Deliverer(Protocol):
    """Sends messages: `kit.messages.Messenger`."""

    async def deliver(self, message: Message) -> str:
        """Sends one message. Raises: what `kit.messages.MessageSender` says."""
        ...


async def note_paid_news(db: Database, *, now: datetime) -> int:
    """Writes the news of the payment for orders whose stamps take longer than `PAID_NEWS_AFTER`; returns how
    many.

    Most documents are stamped within seconds of the payment: then one message says both.
    """
    async with db.connection() as connection:
        return await order_news.note_paid_news(
            connection, now - PAID_NEWS_AFTER, now, topic=TOPIC, news=News.PAID
        )


async def send_due_news(
    db: Database, messenger: Deliverer, secret: bytes, *, public_url: str, clock: Clock, limit: int = 8
) -> int:
    """Sends the news of orders that are due, up to `limit`; gives how many were.

    The link in a message carries the order's token, which is stored nowhere: it is made again from the id of
    the form, the round and our `secret`. News may arrive twice; none is lost while the sender is away.
    """
    entries = await outbox.claim(db, clock(), limit=limit, lease_s=LEASE_SECONDS, topics=(TOPIC,))
    if not entries:
        return 0
    known = await _read(db, entries)

    async def one(entry: outbox.Entry) -> bool:
        try:
            message = _message_of(entry, known, secret, public_url)
            if message is not None and is_given_up(message, entry):
                log.error("order_news_end_unknown", attempts=entry.attempts)
            elif message is not None:
                await messenger.deliver(msgspec.structs.replace(message, key=key_of(entry)))
        except Refusal as refusal:
            if refusal.kind is not Kind.UNAVAILABLE or clock() >= entry.created_at + KEPT_FOR:
                log.error("order_news_given_up", code=refusal.code, attempts=entry.attempts)
                return True
            delay = outbox.retry_delay_s(entry.attempts, longest_s=RETRY_SECONDS_MAX)
            await outbox.retry(db, entry.id, clock() + timedelta(seconds=delay))
            return False
        return True

    done = await asyncio.gather(*(one(entry) for entry in entries))
    await outbox.finish(db, [entry.id for entry, ended in zip(entries, done, strict=True) if ended])
    return len(entries)


class _Known(msgspec.Struct, frozen=True):
    """What messages say, and to whom."""

    orders: Mapping[uuid.UUID, OrderToTell]
    refunds: Mapping[uuid.UUID, RefundToTell]
    contacts: Mapping[uuid.UUID, tuple[uuid.UUID, Contact]]
    """With the customer of each."""
    choices: Mapping[uuid.UUID, Collection[Choices]]
    """By customer."""


async def _read(db: Database, entries: Sequence[outbox.Entry]) -> _Known:
    about = [entry.payload for entry in entries]
    orders = {uuid.UUID(one["order_id"]) for one in about if "contact_id" not in one}
    of_refunds = [one for one in about if "refund_id" in one]
    refunds, contacts = {}, {}
    async with db.connection() as connection:
        known = await order_news.read_orders_to_tell(connection, orders)
        choices = await choices_of(
            connection, {one.customer_id for one in known.values() if one.customer_id is not None}
        )
        if of_refunds:
            ids = {uuid.UUID(one["refund_id"]) for one in of_refunds}
            refunds = await order_news.read_refunds_to_tell(connection, ids)
            to = [uuid.UUID(one["contact_id"]) for one in of_refunds if "contact_id" in one]
            contacts = await proven_contacts(connection, to)
    return _Known(known, refunds, contacts, choices)


def _message_of(entry: outbox.Entry, known: _Known, secret: bytes, public_url: str) -> Message | None:
    payload = entry.payload
    if "contact_id" in payload:
        return _of_refund(payload, known, secret, public_url)
    order = known.orders.get(uuid.UUID(payload["order_id"]))
    if order is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    refund = known.refunds.get(uuid.UUID(payload["refund_id"])) if "refund_id" in payload else None
    news = News(payload["news"])
    if news is not News.LINK:  # that was asked for at this contact
        order = _where_chosen(order, known)
    return message_of(order, news, _link(order, secret, public_url), refund=refund)


def _where_chosen(order: OrderToTell, known: _Known) -> OrderToTell:
    """The order with the contact at which its customer wants the news."""
    if order.customer_id is None or order.contact_kind is None or order.contact_value is None:
        return order
    asked = Contact(kind=order.contact_kind, value=order.contact_value)
    to = order_contact(asked, known.choices.get(order.customer_id, ()))
    return msgspec.structs.replace(order, contact_kind=to.kind, contact_value=to.value)


def _of_refund(payload: Mapping[str, Any], known: _Known, secret: bytes, public_url: str) -> Message | None:
    """None for a contact that is not, or no longer, one of the order's customer: it is told nothing."""
    refund = known.refunds.get(uuid.UUID(payload["refund_id"]))
    of_customer, to = known.contacts.get(uuid.UUID(payload["contact_id"]), (None, None))
    if refund is None or to is None or of_customer != refund.customer_id:
        return None
    naming = int(payload["naming"])
    token = make_stop_token(secret, StopLink(refund_id=refund.id, naming=naming))
    stop = f"{_base(refund.language, public_url)}/hentikan/{token}"
    link = _link(refund, secret, public_url)
    return refund_message(refund, RefundNews(payload["news"]), to, naming=naming, link=link, stop=stop)


def _base(language: str, public_url: str) -> str:
    return f"{public_url.rstrip('/')}{prefix_of(language)}"


def _link(order: OrderToTell | RefundToTell, secret: bytes, public_url: str) -> str:
    token = link_token(secret, order.submit_id, order.token_round, order.token_digest)
    return f"{_base(order.language, public_url)}/p/{token}"
