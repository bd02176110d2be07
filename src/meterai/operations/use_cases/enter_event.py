"""Opens, changes and closes an event by the word of two officers. It stands above the events file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.database import Connection, Database
from meterai.operations.event_rounds import is_another_round, lines_standing
from meterai.sales.events import Event, UnfitEvent, check_event, line_schedule
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX
from meterai.sales.queries.events import known_event
from meterai.sales.store import events as store
from meterai.waiting_room.queries import read_signs
from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.rules.windows import first_number
from meterai.waiting_room.store import queues
from meterai.waiting_room.use_cases.set_queue import Rules, rules_of

OPEN: Final = "event.open"
CHANGE: Final = "event.change"
CLOSE: Final = "event.close"
FOLLOW_FILE: Final = "event.follow_file"
_NOW: Final = "now"


class EventAct(msgspec.Struct, frozen=True, kw_only=True):
    """What officers decide about an event. They sign kind, slug and facts."""

    kind: str
    slug: str
    facts: Mapping[str, object]


class EventChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an act would change."""

    before: Event | None
    """As it is known now; None: it is new."""
    after: Event | None
    """None: it is offered no more."""


def open_event(event: Event, reason: str) -> EventAct:
    """Offers a new event."""
    return _said(OPEN, event, reason)


def change_event(event: Event, reason: str) -> EventAct:
    """Offers an event as it is said here, instead of as it was."""
    return _said(CHANGE, event, reason)


def close_event(slug: str, closes_at: datetime | None, reason: str) -> EventAct:
    """Ends an event at a time; None: when the last officer signs."""
    at = _NOW if closes_at is None else closes_at.isoformat()
    return EventAct(kind=CLOSE, slug=slug, facts={"closes_at": at, "reason": reason})


def follow_file(slug: str, reason: str) -> EventAct:
    """Ends the officers' word about an event: the events file counts again."""
    return EventAct(kind=FOLLOW_FILE, slug=slug, facts={"reason": reason})


def _said(kind: str, event: Event, reason: str) -> EventAct:
    facts: dict[str, object] = msgspec.to_builtins(event)
    slug = str(facts.pop("slug"))
    return EventAct(kind=kind, slug=slug, facts={**facts, "reason": reason})


async def look_at_event(connection: Connection, act: EventAct, *, now: datetime) -> EventChange:
    """What an act would change.

    Raises: Refusal NOT_FOUND `event.unknown`; INVALID `event.slug`, `event.times`, `event.past`,
    `event.papers`, `event.line`; CONFLICT `event.known`, `event.over`, `event.later`, `event.not_entered`,
    `event.another_round`, `event.line_stands`.
    """
    before = await known_event(connection, act.slug)
    try:
        after = await store.event_after(connection, act.kind, act.slug, act.facts, now)
    except asyncpg.PostgresError as error:
        raise _refusal_of(error) or error from error
    except msgspec.ValidationError:
        raise Refusal(Kind.INVALID, "event.unreadable") from None
    if act.kind == CLOSE:
        _refuse_closing(act, before, now)
    elif after is not None:
        _refuse_unfit(after, is_said=act.kind != FOLLOW_FILE, now=now)
    await _refuse_for_line(connection, act.slug, after, now)
    return EventChange(before=before, after=after)


def _refuse_closing(act: EventAct, before: Event | None, now: datetime) -> None:
    if act.facts["closes_at"] == _NOW:
        return
    closes_at = datetime.fromisoformat(str(act.facts["closes_at"]))
    if closes_at <= now:
        raise Refusal(Kind.INVALID, "event.past")
    if before is not None and closes_at > before.closes_at:
        raise Refusal(Kind.CONFLICT, "event.later")


def _refuse_unfit(event: Event, *, is_said: bool, now: datetime) -> None:
    try:
        check_event(event)
    except UnfitEvent as unfit:
        raise Refusal(Kind.INVALID, unfit.code, maximum=DOCUMENTS_PER_ORDER_MAX) from unfit
    if is_said and event.closes_at <= now:
        raise Refusal(Kind.INVALID, "event.past")


async def _refuse_for_line(connection: Connection, slug: str, after: Event | None, now: datetime) -> None:
    signs = await read_signs(connection)
    if after is None:
        if slug in lines_standing(signs, now):
            raise Refusal(Kind.CONFLICT, "event.line_stands")
    elif slug in signs and is_another_round(after, signs[slug], now):
        raise Refusal(Kind.CONFLICT, "event.another_round")


async def enter_event(db: Database, act: EventAct, *, actor: Actor, now: datetime) -> EventChange:
    """Does it. Raises: what `enter_event_in` raises."""
    async with db.transaction() as tx:
        return await enter_event_in(tx, act, actor=actor, now=now)


async def enter_event_in(tx: Connection, act: EventAct, *, actor: Actor, now: datetime) -> EventChange:
    """Does what `enter_event` does, in the transaction of an officer's signature.

    Sites follow within two seconds. The queue closes with its event, as after a change of the file: the
    controller follows within a second, and gates within half a minute.

    Raises: Refusal FORBIDDEN `officer.unsigned`; what `look_at_event` raises.
    """
    change = await look_at_event(tx, act, now=now)
    rules = await _rules(tx, act.slug, change.after, now)
    with officers_refusals():
        await store.enter_event(
            tx, act.kind, act.slug, act.facts,
            rules=rules, actor=actor.name, request=actor.request, now=now,
        )  # fmt: skip
    return change


def done(slug: str, change: EventChange) -> str:
    """What was done, in words."""
    if change.after is None:
        return f"Event {slug} is offered no more: the events file does not name it."
    times = f"{change.after.opens_at.isoformat()} to {change.after.closes_at.isoformat()}"
    return f"Event {slug}: {times}. Sites follow within two seconds."


async def _rules(tx: Connection, slug: str, after: Event | None, now: datetime) -> dict[str, Any] | None:
    """What the event's queue gets; None: it has none, or nothing changes."""
    if after is None:
        return None
    queue = await queues.lock_queue(tx, slug)
    if after.queue is not None:
        rules = rules_of(queue, line_schedule(after, now), after.queue.policy, now=now)
    elif queue is not None:
        # Its line was given in another way, and still ends with the event.
        kept = _ending(queue.schedule, int(after.closes_at.timestamp()), now)
        rules = rules_of(queue, kept, queue.policy, now=now)
    else:
        rules = None
    return None if rules is None else _told(rules, is_on=after.queue is None or after.queue.on)


def _ending(schedule: Schedule, event_closes_at: int, now: datetime) -> Schedule | None:
    """The schedule of a line that ends with its event; None: its closing is over."""
    closes_at = min(schedule.closes_at, event_closes_at)
    if closes_at <= max(now.timestamp(), schedule.opens_at):
        return None
    last_call_at = None if schedule.last_call_at is None else min(schedule.last_call_at, closes_at)
    return msgspec.structs.replace(schedule, closes_at=closes_at, last_call_at=last_call_at)


def _told(rules: Rules, *, is_on: bool) -> dict[str, Any]:
    told = {"schedule": msgspec.to_builtins(rules.schedule), "policy": msgspec.to_builtins(rules.policy)}
    if rules.version is not None:
        return {**told, "version": rules.version}
    return {**told, "is_on": is_on, "first": first_number(rules.schedule)}


def _refusal_of(error: asyncpg.PostgresError) -> Refusal | None:
    match error.sqlstate:
        case "EV001":
            return Refusal(Kind.CONFLICT, "event.known")
        case "EV002":
            return Refusal(Kind.NOT_FOUND, "event.unknown")
        case "EV003":
            return Refusal(Kind.CONFLICT, "event.over")
        case "EV004":
            return Refusal(Kind.CONFLICT, "event.not_entered")
    return None
