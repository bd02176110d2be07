"""Sends news of orders to their customers: what the outbox topic `sales.order_news` asks for."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import KEPT_FOR, Message
from meterai.sales.news import PAID_NEWS_AFTER, TOPIC, News, OrderToTell, message_of
from meterai.sales.store import order_news
from meterai.sales.use_cases.open_order import order_token
from meterai.texts.mechanism.languages import prefix_of

log = structlog.get_logger(__name__)
LEASE_SECONDS = 30.0
RETRY_SECONDS_MAX = 120.0


class Deliverer(Protocol):
    """Sends messages: `kit.messages.Messenger`."""

    async def deliver(self, message: Message) -> None:
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
    async with db.connection() as connection:
        known = await order_news.read_orders_to_tell(
            connection, {uuid.UUID(entry.payload["order_id"]) for entry in entries}
        )

    async def one(entry: outbox.Entry) -> bool:
        try:
            order = known.get(uuid.UUID(entry.payload["order_id"]))
            if order is None:
                raise Refusal(Kind.NOT_FOUND, "order.not_found")
            await _tell(messenger, secret, order, News(entry.payload["news"]), public_url)
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


async def _tell(messenger: Deliverer, secret: bytes, order: OrderToTell, news: News, public_url: str) -> None:
    prefix = prefix_of(order.language)
    link = f"{public_url.rstrip('/')}{prefix}/p/{order_token(secret, order.submit_id, order.token_round)}"
    message = message_of(order, news, link)
    if message is not None:
        await messenger.deliver(message)
