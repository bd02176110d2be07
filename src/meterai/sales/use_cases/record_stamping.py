"""Records how the stamping of an order's document ended; completes the order with its last item."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database
from meterai.ledger.open_day import on_open_day
from meterai.sales.news import TOPIC, News
from meterai.sales.reversing import take_back_freed
from meterai.sales.store import orders


async def record_items_stamped(
    db: Database, item_ids: Sequence[uuid.UUID], now: datetime, *, asked_by: Sequence[int] = ()
) -> None:
    """Records that the documents of these items are stamped and released. Safe to repeat.

    Unknown ids are ignored: a document that was stamped from quota has no item. `asked_by`: rows of the
    outbox that are deleted in the same transaction.
    """
    async with db.connection() as connection:  # one statement is one transaction
        await _end(
            connection,
            item_ids,
            now,
            done_at=now,
            order_news=News.COMPLETED,
            asked_by=asked_by,
        )


@on_open_day
async def record_item_refused(
    db: Database, item_id: uuid.UUID, document_id: uuid.UUID, code: str, now: datetime
) -> None:
    """Records that a document can't be stamped: its quota is free again, and the customer chooses what to do.

    If the bank took the payment back meanwhile, the quota is taken back too. Safe to repeat, also after the
    customer has replaced the document: the new one is not touched.
    Raises: Refusal NOT_FOUND `order.no_such_item`: not an item of an order.
    """
    async with db.transaction() as tx:
        try:
            order = await orders.lock_order_of_item(tx, item_id)
        except Refusal:
            raise Refusal(Kind.NOT_FOUND, "order.no_such_item") from None
        item = order.item(item_id)
        if item is not None and item.document_id == document_id:
            await _end(tx, [item_id], now, refusal_code=code, item_news=News.DOCUMENT_REFUSED)
            await take_back_freed(tx, order, now)


@on_open_day
async def record_quota_freed(db: Database, lot_account_id: uuid.UUID, now: datetime) -> None:
    """Records that quota of this lot is free again, because its document can't be stamped. Safe to repeat.

    If the bank took the payment back meanwhile, the quota is taken back too.
    """
    async with db.transaction() as tx:
        order = await orders.lock_order_of_lot(tx, lot_account_id)
        if order is not None:
            await take_back_freed(tx, order, now)


async def _end(
    connection: Connection,
    item_ids: Sequence[uuid.UUID],
    now: datetime,
    *,
    refusal_code: str | None = None,
    done_at: datetime | None = None,
    item_news: News | None = None,
    order_news: News | None = None,
    asked_by: Sequence[int] = (),
) -> None:
    await orders.end_items(
        connection,
        item_ids,
        refusal_code=refusal_code,
        done_at=done_at,
        topic=TOPIC,
        item_news=item_news,
        order_news=order_news,
        asked_by=asked_by,
        now=now,
    )
