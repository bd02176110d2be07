"""Sends news of an order to its customer: what the outbox topic `sales.order_news` asks for."""

from __future__ import annotations

import uuid
from typing import Protocol

from meterai.kit.database import Database
from meterai.kit.messages import Message
from meterai.sales.news import News, message_of
from meterai.sales.store import orders
from meterai.sales.use_cases.open_order import order_token


class Deliverer(Protocol):
    """Who takes messages: `kit.messages.Messenger`."""

    async def deliver(self, message: Message) -> None:
        """Sends one message. Raises: what `kit.messages.MessageSender` says."""
        ...


async def tell_customer(
    db: Database,
    messenger: Deliverer,
    secret: bytes,
    order_id: uuid.UUID,
    news: News | str,
    *,
    public_url: str,
) -> None:
    """Writes the message with the order's permanent link and hands it over.

    The link's token is not stored: it is made again from the form's id and our secret. When it is delivered
    twice, the customer gets the message twice.

    Raises: Refusal NOT_FOUND `order.not_found`; what the messenger raises.
    """
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
        submit_id = await orders.submit_id_of(connection, order_id)
    prefix = "/en" if order.language == "en" else ""
    link = f"{public_url.rstrip('/')}{prefix}/p/{order_token(secret, submit_id)}"
    message = message_of(order, News(news), link)
    if message is not None:
        await messenger.deliver(message)
