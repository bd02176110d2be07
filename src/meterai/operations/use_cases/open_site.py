"""Puts in place what every installation needs before the first order: organisations, accounts, events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from meterai.customers.organisations import ensure_organisations
from meterai.kit.database import Connection, Database
from meterai.ledger.use_cases.open_books import open_books
from meterai.operations.event_rounds import is_another_round, lines_standing
from meterai.sales.events import Event, line_schedule, load_events
from meterai.sales.queries.events import entered_events
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.sales.use_cases.set_events import set_events_in
from meterai.waiting_room.queries import QueueSign, read_signs
from meterai.waiting_room.rules.model import Schedule
from meterai.waiting_room.use_cases.set_queue import set_queue_in

log = structlog.get_logger(__name__)

DEVELOPMENT_STOCK = 1_000_000
"""Stamps that a development installation starts with, so that it sells at once."""
DEVELOPMENT_DEPOSIT = "development"
"""The receipt of the deposit for them."""


async def open_site(db: Database, *, events_file: str, development: bool, now: datetime) -> None:
    """Writes organisations, accounts, the events of `events_file` (empty: the shipped one) and their queues.

    What officers entered of an event stands above the file. An event that the file no longer names stays
    while people stand in its line, so that they can enter when called. In development the distributor's
    first deposit is recorded too. Safe to repeat at every start.

    Raises: OSError or ValueError when the events file can't be read, or names another round of a queue that
    people could join.
    """
    await ensure_organisations(db, now)
    await open_books(db, now=now)
    events = load_events(Path(events_file) if events_file else None)
    async with db.transaction() as tx:
        await _offer(tx, events, now)
    if development:
        await issue_quota(
            db, pieces=DEVELOPMENT_STOCK, deposit_reference=DEVELOPMENT_DEPOSIT, actor="meterai up", now=now
        )


async def _offer(tx: Connection, of_file: Sequence[Event], now: datetime) -> None:
    """Offers the events in force, and gives each its queue. Raises: ValueError for another round."""
    signs = await read_signs(tx)
    entered = await entered_events(tx)
    for event in of_file:
        if event.slug in entered:
            if event != entered[event.slug]:
                log.warning("event_kept_by_officers", queue=event.slug)
        else:
            _refuse_another_round(event, signs.get(event.slug), now)
    missed = lines_standing(signs, now) - {event.slug for event in of_file} - entered.keys()
    for slug in sorted(missed):
        log.warning("event_not_in_file", queue=slug, stays="people stand in its line")
    for event in await set_events_in(tx, of_file, staying=missed):
        if (queue := event.queue) is not None:
            schedule = line_schedule(event, now)
            _tell_kept_opening(event, signs.get(event.slug), schedule, now)
            await set_queue_in(tx, event.slug, schedule, queue.policy, is_on=queue.on, now=now)


def _refuse_another_round(event: Event, sign: QueueSign | None, now: datetime) -> None:
    """Refuses a second round of a queue. Raises: ValueError."""
    if sign is None or not is_another_round(event, sign, now):
        return
    assert event.queue is not None
    assert event.queue.opens_at is not None
    opens_at = event.queue.opens_at
    closes_at = datetime.fromtimestamp(sign.schedule.closes_at, opens_at.tzinfo)
    raise ValueError(
        f"event {event.slug}: its queue has one round, until {closes_at.isoformat()}, and can't open "
        f"anew on {opens_at.isoformat()}. Give the next its own slug, such as "
        f"{_slug_of_next(event.slug, opens_at)}; to go on with the round that is or was, move closes_at "
        "alone (docs/configuration.md)"
    )


def _tell_kept_opening(event: Event, sign: QueueSign | None, wanted: Schedule | None, now: datetime) -> None:
    """Warns that an opening stays as it is, because people have read already when the lottery is drawn."""
    if sign is None or wanted is None:
        return
    kept = sign.schedule
    if kept.joins_from <= now.timestamp() < kept.opens_at != wanted.opens_at:
        opens_at, moved_to = (
            datetime.fromtimestamp(at, ZoneInfo(event.zone)).isoformat()
            for at in (kept.opens_at, wanted.opens_at)
        )
        log.warning("opening_not_moved", queue=event.slug, opens_at=opens_at, wanted=moved_to)


def _slug_of_next(slug: str, opens_at: datetime) -> str:
    """Proposes a slug with the year of the opening, and with the month if the year is taken."""
    name = re.sub(r"-20\d\d(-\d\d)?$", "", slug)
    proposed = (f"{name}-{opens_at:%Y}", f"{name}-{opens_at:%Y-%m}")
    return next((other for other in proposed if not slug.startswith(other)), f"{slug}-2")
