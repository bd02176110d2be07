"""Sends people who asked for it a message: their turn is near, they may enter, or the queue closed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import outbox
from meterai.kit.application_secret import honoured
from meterai.kit.database import Connection, Database
from meterai.kit.formats.display import JAKARTA, clock_text
from meterai.kit.messages import Message, entry_of
from meterai.texts.mechanism.languages import of_two, prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.queue.reminders import MAY_GO_ON, REMINDERS, STOP
from meterai.waiting_room.files.published_queue import Published
from meterai.waiting_room.files.queue_folder import queue_of
from meterai.waiting_room.rules.certificate import CHECK_IN_AROUND_CLOSING_S
from meterai.waiting_room.rules.frontier_moves import advance
from meterai.waiting_room.rules.model import Frontier, QueueState
from meterai.waiting_room.rules.tickets import Ticket
from meterai.waiting_room.store import queues as store
from meterai.waiting_room.store import reminders, window_rows
from meterai.waiting_room.store.queues import Queue
from meterai.waiting_room.store.reminders import Reminder

NEAR_MINUTES = 10
CALLED_AFTER_CLOSING = timedelta(days=1)
"""Where the line counts, the last people get their message until then."""
_TOLD_AT_ONCE = 1_000
_PLACED_AT_ONCE = 5_000
_TOKEN_BYTES = 16


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of links in the messages, without a slash at the end; also names and zones of events.

    `names`: in Indonesian and English.
    """

    gate: str
    site: str
    names: Mapping[str, tuple[str, str]]
    zones: Mapping[str, str]


async def set_reminder(db: Database, queue: int, ticket: Ticket, one: Reminder) -> None:
    """Notes that the ticket's holder, who has proven its contact, wants a message. Safe to repeat.

    Raises: Refusal FORBIDDEN `ticket.other_contact` for another person's ticket.
    """
    if ticket.id != one.id:
        raise Refusal(Kind.FORBIDDEN, "ticket.other_contact")
    async with db.connection() as connection:
        await reminders.set_reminder(connection, queue, one)


async def stop_reminder(db: Database, queue: int, id: bytes) -> bool:
    """Cancels the message; False when there was none to cancel."""
    async with db.connection() as connection:
        return await reminders.drop_reminder(connection, queue, id)


async def is_reminded(db: Database, queue: int, id: bytes) -> bool:
    """Whether a contact will get a message."""
    async with db.connection() as connection:
        return await reminders.has_reminder(connection, queue, id)


def stop_token(secret: bytes, event: str, id: bytes) -> str:
    """A token in a message with which its reader can cancel further ones. Only we can make it."""
    tag = hmac.digest(secret, b"meterai stop reminder\x00" + event.encode() + b"\x00" + id, hashlib.sha256)
    return (id + tag[:_TOKEN_BYTES]).hex()


def read_stop_token(secret: bytes, event: str, token: str) -> bytes | None:
    """The id for which a token was made; None when we did not make it."""
    try:
        id = bytes.fromhex(token)[:-_TOKEN_BYTES]
    except ValueError:
        return None
    tokens = (stop_token(one, event, id) for one in honoured(secret))
    return id if any(hmac.compare_digest(token.encode(), one.encode()) for one in tokens) else None


async def remind_due(db: Database, root: Path, secret: bytes, addresses: Addresses, *, now: datetime) -> int:
    """Writes the due messages into the outbox. Returns the number of finished reminders. Any number of
    workers may call it at once."""
    async with db.connection() as connection:
        queues = await store.read_queues(connection)
    return sum([await _remind(db, queue, root, secret, addresses, now) for queue in queues])


async def _remind(
    db: Database, queue: Queue, root: Path, secret: bytes, addresses: Addresses, now: datetime
) -> int:
    async with db.connection() as connection:
        placed = await _note_places(connection, queue, root)
        near = await _near(connection, queue)
    async with db.transaction() as tx:
        due = await _take_due(tx, queue, near, now)
        inside = await reminders.entered(tx, queue.number, [one.id for _, one in due])
        told = [(kind, one) for kind, one in due if one.id not in inside]
        messages = [_message(queue, kind, one, secret, addresses, now) for kind, one in told]
        await outbox.enqueue_many(tx, messages, now)
    return placed + len(due)


async def _take_due(
    tx: Connection, queue: Queue, near: Frontier, now: datetime
) -> list[tuple[str, Reminder]]:
    """(message, reminder) of the due reminders, including those of people who are inside."""
    number, frontier = queue.number, queue.frontier
    if queue.state is QueueState.CLOSED:
        rest = await reminders.take_all(tx, number, frontier, _TOLD_AT_ONCE)
        return [("called_and_closed" if is_called else "closed", one) for one, is_called in rest]
    if queue.state.stands_still and now.timestamp() >= queue.schedule.opens_at:
        rest = await reminders.take_all(tx, number, frontier, _TOLD_AT_ONCE)
        return [("free", one) for one, _ in rest]
    if queue.state in (QueueState.OPEN, QueueState.LAST_CALL):
        called = await reminders.take_called(tx, number, frontier, _TOLD_AT_ONCE)
        soon = await reminders.take_near(tx, number, near, _TOLD_AT_ONCE)
        return [*(("called", one) for one in called), *(("near", one) for one in soon)]
    return []


async def _note_places(connection: Connection, queue: Queue, root: Path) -> int:
    """Notes places and returns their number. Until then nobody in the frontier's window can get a message."""
    waiting = await reminders.unplaced(
        connection, queue.number, through=queue.revealed_through, limit=_PLACED_AT_ONCE
    )
    if not waiting:
        return 0
    published = Published(queue_of(root, queue.event))
    places = [(one.id, published.place_in(one.window, one.id)) for one in waiting]
    known = [(id, place) for id, place in places if place is not None]
    await reminders.note_places(connection, queue.number, known)
    return len(known)


async def _near(connection: Connection, queue: Queue) -> Frontier:
    """The frontier in a few minutes, at the present rate."""
    rate = await reminders.door_rate(connection, queue.number)
    windows = await window_rows.people_by_window(connection, queue.number, queue.frontier.window, limit=200)
    return advance(queue.frontier, windows, rate * NEAR_MINUTES)[0]


def _message(
    queue: Queue, kind: str, one: Reminder, secret: bytes, addresses: Addresses, now: datetime
) -> tuple[str, dict[str, object]]:
    words = REMINDERS[_words_for(queue, kind, now)]
    prefix = prefix_of(one.language)
    until = _true_until(queue, kind, now)
    code = queue.event.upper()
    told = translate(words.text, one.language).format(
        event=of_two(one.language, *addresses.names.get(queue.event, (code, code))),
        minutes=NEAR_MINUTES,
        claim_minutes=queue.policy.claim_minutes,
        until=clock_text(until, one.language, addresses.zones.get(queue.event, JAKARTA)),
    )
    parts: Sequence[str] = (told, f"{addresses.gate}{prefix}/antre/{queue.event}/t/{one.ticket}")
    stop = ""
    if kind == "near":
        token = stop_token(secret, queue.event, one.id)
        stop = f"{addresses.site}{prefix}/{queue.event}/kabari/henti/{token}"
        parts = (*parts, translate(STOP, one.language).format(link=stop))
    if kind in ("closed", "called_and_closed"):
        parts = (*parts, translate(MAY_GO_ON, one.language))
    message = Message(
        to_kind=one.contact_kind,
        to=one.contact_value,
        subject=translate(words.subject, one.language),
        text="\n\n".join(parts),
        expires_at=until,
        language=one.language,
        choice="reminder",
        unsubscribe=stop,
    )
    return entry_of(message)


def _words_for(queue: Queue, kind: str, now: datetime) -> str:
    """The kind of message. People called shortly before the closing have no lane for latecomers
    afterwards."""
    left_s = queue.schedule.closes_at - now.timestamp()
    if kind != "called" or left_s > queue.policy.claim_minutes * 60:
        return kind
    return "called_after_closing" if queue.policy.line_counts else "called_at_the_end"


def _true_until(queue: Queue, kind: str, now: datetime) -> datetime:
    closing = datetime.fromtimestamp(queue.schedule.closes_at, UTC)
    if kind == "near":
        return now + timedelta(minutes=NEAR_MINUTES)
    if kind in ("closed", "called_and_closed"):
        return closing + timedelta(seconds=CHECK_IN_AROUND_CLOSING_S)
    if kind == "called" and queue.policy.line_counts:
        return closing + CALLED_AFTER_CLOSING  # there people enter after the closing
    return closing
