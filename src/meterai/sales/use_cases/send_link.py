"""Sends an order's permanent link to the order's own contact."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from meterai.kernel.ids import token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.sales.news import News, news_entry
from meterai.sales.store import order_links, orders

PAUSE = timedelta(minutes=1)


async def send_link(db: Database, order_id: uuid.UUID, *, token: str, now: datetime) -> None:
    """Has the link sent. The address is the order's, nobody can type another; `token` is the right to ask.

    Raises: Refusal NOT_FOUND `order.not_found`, also for a token of another order;
    BUSY `order.link_sent` when it was sent less than a minute ago (`retry_after_s`).
    """
    async with db.transaction() as tx:
        if not await order_links.mark_link_sent(
            tx, order_id, token_digest(token), now, not_since=now - PAUSE
        ):
            order = await orders.read_order(tx, order_id)
            if not await order_links.has_token(tx, order.id, token_digest(token)):
                raise Refusal(Kind.NOT_FOUND, "order.not_found")
            raise Refusal(Kind.BUSY, "order.link_sent", retry_after_s=int(PAUSE.total_seconds()))
        await outbox.enqueue_many(tx, [news_entry(order_id, News.LINK)], now)
