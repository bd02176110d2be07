"""How the parts of the service are, looked up at most once a second for all who ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from meterai.bootstrap import App
from meterai.customers.organisations import SELLER
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.ledger import queries as ledger
from meterai.operations.use_cases.ask_signer import ask_signer
from meterai.operations.use_cases.oldest_late_stamp import oldest_late_stamp
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.queries.events import events
from meterai.sales.queries.progress import can_be_paid
from meterai.texts import service_states as words
from meterai.waiting_room.queries import last_published, queue_signs
from meterai.waiting_room.rules.model import QueueState

log = structlog.get_logger(__name__)
LOOK_S = 1.0
LATE_AFTER = timedelta(minutes=2)
"""A stamp that was paid for longer is late: people are told that it usually takes less than a minute."""

OUTAGE_S = 30.0
"""So long after somebody was turned away by an outage it is told: as long as an answer asks them to wait."""
_SECONDS_MAX = 2.0
"""A part that answers later does not work."""
_SILENT_SECONDS_MAX = 10.0
"""The controller of the queues publishes each second; another takes over from one that stopped."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts at a moment: what each is called, and the words for how it is."""

    at: datetime
    parts: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the database says."""

    has_stock: bool
    can_pay: bool
    is_stopped: bool
    """The stop switch is thrown."""
    is_late: bool
    """Stamps that were paid for, or are taken from quota, are late."""
    line_moves: bool | None
    """Whether a controller takes its steps; None: no queue is on."""
    lines: set[QueueState]


class _EachSecond:
    """What many ask for, and the database is asked once each `LOOK_S`: who asks meanwhile gets the last."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self._ask = ask
        self._asked_at = float("-inf")
        self._last = False

    async def answer(self) -> bool:
        now = time.monotonic()
        if now - self._asked_at >= LOOK_S:
            self._asked_at = now
            self._last = await self._ask()
        return self._last


class Parts:
    """One for the whole process: however many ask, the database is asked by one."""

    def __init__(self, service: App) -> None:
        self._service = service
        self._seen_at = self._outage_at = float("-inf")
        self._looking: asyncio.Task[Seen] | None = None
        self._stopped = _EachSecond(partial(is_signing_stopped, service.db))
        self._out_of_stock = _EachSecond(partial(_is_out_of_stock, service.db))

    async def seen(self) -> Seen:
        """How the parts are, at most a second old."""
        if self._looking is None or (self._looking.done() and time.monotonic() - self._seen_at >= LOOK_S):
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    def note_outage(self) -> None:
        """Somebody was turned away because the database or a disk is away, or takes nothing: a full one still
        answers whoever only asks."""
        self._outage_at = time.monotonic()

    async def is_signing_stopped(self) -> bool:
        """Whether the stop switch is thrown, as it was at most a second ago."""
        return await self._stopped.answer()

    async def is_out_of_stock(self) -> bool:
        """Whether no stamp can be sold, as it was at most a second ago."""
        return await self._out_of_stock.answer()

    async def _look(self) -> Seen:
        try:
            return await _look_at(self._service, turns_away=time.monotonic() - self._outage_at < OUTAGE_S)
        finally:
            self._seen_at = time.monotonic()


async def _is_out_of_stock(db: Database) -> bool:
    async with db.connection() as connection:
        return (await ledger.stock(connection, SELLER)).available <= 0


async def _look_at(service: App, *, turns_away: bool) -> Seen:
    now = service.clock()
    told = await _database_says(service.db, now)
    parts = [
        (words.SITE, _purchase(told, turns_away=turns_away)),
        (words.PAYMENT, words.GOOD if told and told.can_pay else words.BAD),
        (words.STAMPING, await _stamping(service, told)),
        (words.VERIFICATION, words.GOOD),
        (words.LEDGER, words.GOOD if told else words.BAD),
    ]
    if told and told.line_moves is not None:
        parts.append((words.QUEUE, _line(told)))
    return Seen(now, parts)


def _purchase(told: _Told | None, *, turns_away: bool) -> str:
    if told is None or turns_away:
        return words.BAD
    return words.GOOD if told.has_stock else words.NO_STOCK


async def _stamping(service: App, told: _Told | None) -> str:
    if told is None:
        return words.BAD
    if told.is_stopped:
        return words.PAUSED
    if not await _signs(service):
        return words.BAD
    return words.DELAYED if told.is_late else words.GOOD


def _line(told: _Told) -> str:
    """How the worst of the lines is."""
    if not told.line_moves:
        return words.BAD
    if QueueState.HALTED in told.lines:
        return words.HELD
    return words.NO_STOCK if QueueState.OUT_OF_STOCK in told.lines else words.GOOD


async def _database_says(db: Database, now: datetime) -> _Told | None:
    """None: the database does not answer."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            offered = {event.slug for event in await events(db)}
            async with db.connection() as connection:
                stock = await ledger.stock(connection, SELLER)
                can_pay = await can_be_paid(connection, now=now)
                oldest = await oldest_late_stamp(connection)
            published = await last_published(db)
            return _Told(
                has_stock=stock.available > 0,
                can_pay=can_pay,
                is_stopped=await is_signing_stopped(db),
                is_late=oldest is not None and now - oldest > LATE_AFTER,
                line_moves=None if published is None else now.timestamp() - published <= _SILENT_SECONDS_MAX,
                lines={sign.state for sign in (await queue_signs(db)).values() if sign.event in offered},
            )
    except DATABASE_IS_DOWN as error:
        log.warning("status_database_down", error=type(error).__name__)
        return None


async def _signs(service: App) -> bool:
    """Whether the signer answers and has a key that signs now."""
    reason = (await ask_signer(service.signer, within_s=_SECONDS_MAX)).trouble
    if reason:
        log.warning("status_signer_down", reason=reason)
    return not reason
