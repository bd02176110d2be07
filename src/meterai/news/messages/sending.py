"""Sends messages about news, each at most once, and never before codes and news of orders.

A message is claimed as `sending` before the call, in a transaction of its own. After the call its end is
noted. When the worker dies between the two, nobody knows whether the station took it: it ends as `unknown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import structlog

from meterai.customers.codes import Budgets
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.database import Connection, Database
from meterai.kit.messages import CODE_TOPICS, MESSAGE_TOPICS, STRANGERS_CODE_TOPICS, Messenger, ToKind
from meterai.news import store as news_store
from meterai.news.messages import store
from meterai.news.messages.letter import message_about
from meterai.news.messages.model import Claimed, MessageState
from meterai.news.model import Announcement, Incident
from meterai.sales.news import TOPIC as ORDER_NEWS

log = structlog.get_logger(__name__)
AT_ONCE: Final = 2
"""At a time, of the four connections to the mail server: codes and news of orders always find a free one."""
LOST_AFTER: Final = timedelta(minutes=5)
"""A call ends within ten seconds, one way or the other. A message that is `sending` for so long was lost."""
RETRY_AFTER: Final = timedelta(minutes=2)
_KINDS: Final[tuple[ToKind, ...]] = ("email", "phone")


async def send_due_messages(
    db: Database, messenger: Messenger, secret: bytes, *, budgets: Budgets, public_url: str, clock: Clock
) -> int:
    """Sends due messages, up to `AT_ONCE`. Returns how many. Any number of workers may call it at once."""
    kinds = await _free_kinds(db, clock())
    if not kinds:
        return 0
    async with db.transaction() as tx:
        claimed = await store.claim(tx, kinds, budgets, limit=AT_ONCE, now=clock())
        about = {one.id: await _news_of(tx, one) for one in claimed}

    async def send(one: Claimed) -> None:
        message = message_about(one, about[one.id], secret=secret, public_url=public_url)
        try:
            reference = await messenger.deliver(message)
        except Refusal as refusal:
            await _note_refusal(db, one, refusal, clock())
            return
        async with db.connection() as connection:
            await store.end(connection, one.id, MessageState.SENT, reference, clock())

    await asyncio.gather(*(send(one) for one in claimed))
    if not claimed:
        await _end_lost(db, clock())
    return len(claimed)


async def _end_lost(db: Database, now: datetime) -> None:
    async with db.connection() as connection:
        lost = await store.end_lost(connection, begun_before=now - LOST_AFTER, now=now)
    if lost.unknown:
        log.error("news_messages_unknown", messages=lost.unknown)
    if lost.dropped:
        log.warning("news_messages_dropped", messages=lost.dropped)


async def _free_kinds(db: Database, now: datetime) -> Collection[ToKind]:
    """The kinds of contact for which no code, no news of an order and no reminder waits."""
    topics: dict[ToKind, tuple[str, ...]] = {
        kind: (CODE_TOPICS[kind], STRANGERS_CODE_TOPICS[kind], MESSAGE_TOPICS[kind], ORDER_NEWS)
        for kind in _KINDS
    }
    due = set(await outbox.due_topics(db, {one for of_kind in topics.values() for one in of_kind}, now))
    return [kind for kind in _KINDS if due.isdisjoint(topics[kind])]


async def _news_of(tx: Connection, one: Claimed) -> Incident | Announcement:
    if one.incident is not None:
        return await news_store.read_incident(tx, one.incident)
    assert one.announcement is not None
    return await news_store.read_announcement(tx, one.announcement)


async def _note_refusal(db: Database, one: Claimed, refusal: Refusal, now: datetime) -> None:
    """Notes that a message was refused for good, or not taken now. Without an answer its end is unknown."""
    async with db.connection() as connection:
        if refusal.kind is Kind.INVALID:
            await store.end(connection, one.id, MessageState.REFUSED, "", now)
        elif refusal.facts.get("sent", True):
            log.error("news_messages_unknown", messages=1, reason=refusal.facts.get("reason"))
            await store.end(connection, one.id, MessageState.UNKNOWN, "", now)
        else:
            await store.put_off(connection, one.id, now + RETRY_AFTER)
