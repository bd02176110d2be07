"""The handlers of the outbox's topics. Each can handle the same row twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from meterai.background.loops import Bell
from meterai.background.partner_events import note_stamp_ends
from meterai.bootstrap import WorkerApp
from meterai.customers.choice_queries import refused_news
from meterai.customers.choices import NewsKind
from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.messages import KEPT_FOR, TOPICS, Message, is_given_up, key_of
from meterai.kit.outbox import Entry
from meterai.kit.tracing.spans import continue_from, span, span_of_many
from meterai.partners.webhooks.use_cases.note_events import EVENT_TOPIC
from meterai.sales.crediting import STAMP_TOPIC
from meterai.sales.news import TOPIC as NEWS_TOPIC
from meterai.sales.use_cases.record_stamping import (
    record_item_refused,
    record_items_stamped,
    record_quota_freed,
)
from meterai.sales.use_cases.settle_asked import SETTLE_TOPIC
from meterai.stamping.cycle.batch import Tools
from meterai.stamping.cycle.job_ends import REFUSED, RELEASED
from meterai.stamping.queries import lot_of_job
from meterai.stamping.use_cases.run_cycle import run_accepted_jobs, run_due_jobs
from meterai.stamping.use_cases.start_stamping import StampingRequest, Started, Worker, start_stampings
from meterai.stamping.use_cases.tell_ends import tell_ends

log = structlog.get_logger(__name__)

STAMPING_TOPICS = (STAMP_TOPIC, RELEASED, REFUSED)

BATCH = 16
"""Jobs in one batch. More save round trips; fewer wait less for each other's PDF work."""
_LEASE_SECONDS = 30.0
MESSAGES_AT_ONCE = 8
_RETRY_SECONDS_MAX = 120.0


class Bells:
    """Looks into the outbox once for all loops that work on it, and wakes those whose work is due."""

    def __init__(self) -> None:
        self.stamping, self.news, self.settling, self.events = Bell(), Bell(), Bell(), Bell()
        self.messages = {topic: Bell() for topic in TOPICS}
        """One for each topic of messages."""
        self._by_topic = dict.fromkeys(STAMPING_TOPICS, self.stamping) | self.messages
        self._by_topic |= {NEWS_TOPIC: self.news, SETTLE_TOPIC: self.settling, EVENT_TOPIC: self.events}

    async def watch(self, app: WorkerApp) -> int:
        """Rings the bells of topics with due rows."""
        topics = await outbox.due_topics(app.db, self._by_topic, app.clock())
        for bell in {id(bell): bell for bell in map(self._by_topic.__getitem__, topics)}.values():
            bell.ring()
        return len(topics)


async def stamp(
    app: WorkerApp,
    tools: Tools,
    worker: str,
    *,
    topics: Sequence[str] = STAMPING_TOPICS,
    before: datetime | None = None,
) -> int:
    """One turn of the stamping lane: takes items just paid through the whole cycle and records their ends.

    `before`: only what was written by then.
    """
    now = app.clock()
    if not await tools.presence.is_there():
        topics = [topic for topic in topics if topic != STAMP_TOPIC]
    entries = await outbox.claim(
        app.db, now, limit=BATCH, lease_s=_LEASE_SECONDS, topics=topics, before=before
    )
    paid = [entry for entry in entries if entry.topic == STAMP_TOPIC]
    ends = [entry for entry in entries if entry.topic != STAMP_TOPIC]
    with span_of_many("record ends", [entry.traceparent for entry in ends], pieces=len(ends)):
        await _record_ends(app, ends)
    if paid:
        with span_of_many("stamp", [entry.traceparent for entry in paid], pieces=len(paid)):
            await _start_paid(app, tools, worker, paid)
    return len(entries)


class DueJobs:
    """Two lanes for jobs that no worker holds: asked for with quota, put off, or left by a dead worker.

    The lane of the newest jobs looks only while that of the oldest is at work.
    """

    def __init__(self, tools: Tools, worker: str) -> None:
        self._tools = tools
        self._worker = worker
        self._at_work = False

    async def oldest(self) -> int:
        """One turn of the first lane."""
        self._at_work = True
        try:
            return await run_due_jobs(self._tools, worker=self._worker, limit=BATCH)
        finally:
            self._at_work = False

    async def newest(self) -> int:
        """One turn of the second lane."""
        if not self._at_work:
            return 0
        return await run_due_jobs(self._tools, worker=self._worker, limit=BATCH, newest_first=True)


async def _start_paid(app: WorkerApp, tools: Tools, worker: str, entries: Sequence[Entry]) -> None:
    """Starts items just paid, runs the rest of the cycle, and records the result in their orders."""
    outcomes = await start_stampings(
        app.db,
        [_request(entry) for entry in entries],
        now=app.clock(),
        worker=Worker(name=worker, lease_s=tools.settings.lease_s, asked_by=[entry.id for entry in entries]),
    )
    done = []
    for entry, outcome in zip(entries, outcomes, strict=True):
        if isinstance(outcome, Started):
            if outcome.claimed is None:
                done.append(entry.id)
        elif outcome.kind in (Kind.UNAVAILABLE, Kind.BUSY):
            await _put_off(app, entry, code=outcome.code)
        else:
            log.error("worker.paid_item_refused", code=outcome.code, item_id=entry.payload["item_id"])
            item_id, document_id = UUID(entry.payload["item_id"]), UUID(entry.payload["document_id"])
            await record_item_refused(app.db, item_id, document_id, outcome.code, now=app.clock())
            done.append(entry.id)
    await outbox.finish(app.db, done)
    started = [outcome for outcome in outcomes if isinstance(outcome, Started)]
    ended = await run_accepted_jobs(tools, started, keep_news_s=_LEASE_SECONDS)
    if ended:
        await record_items_stamped(
            app.db,
            [job.reference_id for job in ended],
            app.clock(),
            asked_by=[job.told for job in ended],
        )


def _request(entry: Entry) -> StampingRequest:
    payload = entry.payload
    return StampingRequest(
        document_id=UUID(payload["document_id"]),
        customer_id=UUID(payload["customer_id"]),
        lot_account_id=UUID(payload["lot_account_id"]),
        reference_id=UUID(payload["item_id"]),
        idempotency_key=payload["request_key"],
        adopts=True,
        traceparent=entry.traceparent,
    )


async def _record_ends(app: WorkerApp, entries: Sequence[Entry]) -> None:
    """Records how jobs ended, in the item that asked for each.

    A stamping with quota has no item; its refusal is recorded in the order that bought the quota."""
    if entries:
        await note_stamp_ends(app, entries)
    stamped = [entry for entry in entries if entry.topic == RELEASED]
    if stamped:
        await record_items_stamped(
            app.db,
            [UUID(entry.payload["reference_id"]) for entry in stamped],
            app.clock(),
            asked_by=[entry.id for entry in stamped],
        )
    done = []
    for entry in entries:
        if entry.topic == RELEASED:
            continue
        try:
            await _tell_refused(app, entry.payload)
        except Refusal as refusal:
            await _put_off(app, entry, code=refusal.code)
            continue
        done.append(entry.id)
    await outbox.finish(app.db, done)


async def _tell_refused(app: WorkerApp, payload: Mapping[str, Any]) -> None:
    reference, document_id = UUID(payload["reference_id"]), UUID(payload["document_id"])
    try:
        await record_item_refused(app.db, reference, document_id, payload["code"], now=app.clock())
    except Refusal as refusal:
        if refusal.kind is not Kind.NOT_FOUND:
            raise
        lot = await lot_of_job(app.db, UUID(payload["job_id"]))
        if lot is not None:
            await record_quota_freed(app.db, lot, now=app.clock())


async def tell_quota_ends(app: WorkerApp) -> int:
    """Tells customers how stamping from their quota ended."""
    return await tell_ends(app.db, public_url=app.public_url, now=app.clock())


async def send_messages(app: WorkerApp, topic: str) -> int:
    """Sends messages of a topic that are due. One person's go out in order: of two codes the newer counts."""
    entries = await outbox.claim(
        app.db, app.clock(), limit=MESSAGES_AT_ONCE, lease_s=_LEASE_SECONDS, topics=(topic,)
    )
    unwanted = await _unwanted(app, entries)
    by_person: dict[object, list[Entry]] = {}
    for entry in entries:
        if entry.id in unwanted:
            continue
        by_person.setdefault(entry.payload.get("to"), []).append(entry)
    sent = await asyncio.gather(*(_send_in_order(app, theirs) for theirs in by_person.values()))
    await outbox.finish(app.db, [*unwanted, *(id for ids in sent for id in ids)])
    return len(entries)


async def _unwanted(app: WorkerApp, entries: Sequence[Entry]) -> set[int]:
    """The rows whose readers have turned such messages off."""
    chosen = {entry.id: _choice(entry.payload) for entry in entries if entry.payload.get("choice")}
    if not chosen:
        return set()
    async with app.db.connection() as connection:
        refused = await refused_news(connection, list(chosen.values()))
    return {id for id, choice in chosen.items() if choice in refused}


def _choice(payload: Mapping[str, Any]) -> tuple[Contact, NewsKind]:
    message = msgspec.convert(payload, Message)
    return Contact(kind=message.to_kind, value=message.to), NewsKind(message.choice)


async def _send_in_order(app: WorkerApp, entries: Sequence[Entry]) -> list[int]:
    """Sends messages one after the other. Returns the rows that are done."""
    return [entry.id for entry in entries if await _send(app, entry)]


async def _send(app: WorkerApp, entry: Entry) -> bool:
    """Sends one message; True when its row is done. Neither address nor text is ever logged."""
    with continue_from(entry.traceparent):
        return await _try_to_send(app, entry)


async def _try_to_send(app: WorkerApp, entry: Entry) -> bool:
    try:
        message = msgspec.structs.replace(msgspec.convert(entry.payload, Message), key=key_of(entry))
        if is_given_up(message, entry):
            log.error("worker.message_end_unknown", topic=entry.topic, attempts=entry.attempts)
        elif message.expires_at is None or app.clock() < message.expires_at:
            with span("send message", kind="consumer", topic=entry.topic):
                await app.messenger.deliver(message)
    except Exception as error:
        never = isinstance(error, Refusal) and error.kind is Kind.INVALID  # nor will this address take it
        if never or app.clock() >= entry.created_at + KEPT_FOR:
            log.error(
                "worker.message_given_up", topic=entry.topic, attempts=entry.attempts, **_what_happened(error)
            )
            return True
        await _put_off(app, entry, **_what_happened(error))
        return False
    return True


def _what_happened(error: Exception) -> dict[str, object]:
    """The facts for the log about a message that was not taken."""
    if not isinstance(error, Refusal):
        return {"error": type(error).__name__}
    facts = {name: fact for name, fact in error.facts.items() if name in ("reason", "smtp_code")}
    return {"code": error.code, **facts}


async def _put_off(app: WorkerApp, entry: Entry, **why: object) -> None:
    delay = outbox.retry_delay_s(entry.attempts, longest_s=_RETRY_SECONDS_MAX)
    log.warning("worker.put_off", topic=entry.topic, attempts=entry.attempts, **why)
    await outbox.retry(app.db, entry.id, app.clock() + timedelta(seconds=delay))
