"""The status of each part of the service, read at most once a second for all visitors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from meterai.customers.organisations import SELLER
from meterai.kernel.clock import Clock
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.ledger import queries as ledger
from meterai.operations.use_cases.ask_signer import ask_signer
from meterai.operations.use_cases.oldest_late_stamp import oldest_late_stamp
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.queries.events import events
from meterai.sales.queries.progress import can_be_paid
from meterai.stamping.ports import Signer
from meterai.texts.service_states import Part, PartState
from meterai.waiting_room.queries import last_published, queue_signs
from meterai.waiting_room.rules.model import QueueState

log = structlog.get_logger(__name__)
LOOK_S = 1.0
LATE_AFTER = timedelta(minutes=2)
"""A stamp that takes longer after the payment is late: pages say that it usually takes less than a minute."""

OUTAGE_S = 30.0
"""How long an outage is shown after the last visitor was turned away: as long as the answer's Retry-After."""
_SECONDS_MAX = 2.0
"""A part that answers later counts as down."""
_SILENT_SECONDS_MAX = 10.0
"""The controller of the queues publishes each second. When it stops, another takes over."""


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """The parts at a moment, and how each runs."""

    at: datetime
    parts: list[tuple[Part, PartState]]
    lines: tuple[str, ...] = ()
    """The events that people may stand in line for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatabaseState:
    """What the database says of the service."""

    has_stock: bool
    can_pay: bool
    is_stopped: bool
    """The stop switch is thrown."""
    is_late: bool
    """Stamps that were paid for, or are taken from quota, are late."""
    queues_move: bool | None
    """A controller is at work; None: no queue is on."""
    queue_states: set[QueueState]
    lines: tuple[str, ...]
    """The events that people may stand in line for."""


class _OncePerSecond:
    """Asks the database at most once each `LOOK_S`. Further callers get the last answer."""

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


class ServiceStatus:
    """The status of the service. One in each process, so that many visitors cause one question to the
    database.
    """

    def __init__(self, db: Database, signer: Signer, clock: Clock) -> None:
        self._db, self._signer, self._clock = db, signer, clock
        self._seen_at = self._outage_at = float("-inf")
        self._looking: asyncio.Task[StatusSnapshot] | None = None
        self._stopped = _OncePerSecond(partial(is_signing_stopped, db))
        self._out_of_stock = _OncePerSecond(partial(_is_out_of_stock, db))

    async def snapshot(self) -> StatusSnapshot:
        """The status of each part, at most a second old."""
        if self._looking is None or (self._looking.done() and time.monotonic() - self._seen_at >= LOOK_S):
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    def note_outage(self) -> None:
        """Notes that a visitor was turned away by an outage of the database or of a disk.

        A full disk still answers when it is only read, so `snapshot` alone would not see it.
        """
        self._outage_at = time.monotonic()

    async def is_signing_stopped(self) -> bool:
        """Tells whether the stop switch is thrown; at most a second old."""
        return await self._stopped.answer()

    async def is_out_of_stock(self) -> bool:
        """Tells whether no stamp can be sold; at most a second old."""
        return await self._out_of_stock.answer()

    async def _look(self) -> StatusSnapshot:
        try:
            return await self._look_at_parts(turns_away=time.monotonic() - self._outage_at < OUTAGE_S)
        finally:
            self._seen_at = time.monotonic()

    async def _look_at_parts(self, *, turns_away: bool) -> StatusSnapshot:
        now = self._clock()
        state = await _database_state(self._db, now)
        parts = [
            (Part.SITE, _purchase(state, turns_away=turns_away)),
            (Part.PAYMENT, PartState.GOOD if state and state.can_pay else PartState.BAD),
            (Part.STAMPING, await _stamping(self._signer, state)),
            (Part.VERIFICATION, PartState.GOOD),
            (Part.LEDGER, PartState.GOOD if state else PartState.BAD),
        ]
        if state and state.queues_move is not None:
            parts.append((Part.QUEUE, _line(state)))
        return StatusSnapshot(now, parts, state.lines if state else ())


async def _is_out_of_stock(db: Database) -> bool:
    async with db.connection() as connection:
        return (await ledger.stock(connection, SELLER)).available <= 0


def _purchase(state: _DatabaseState | None, *, turns_away: bool) -> PartState:
    if state is None or turns_away:
        return PartState.BAD
    return PartState.GOOD if state.has_stock else PartState.NO_STOCK


async def _stamping(signer: Signer, state: _DatabaseState | None) -> PartState:
    if state is None:
        return PartState.BAD
    if state.is_stopped:
        return PartState.PAUSED
    if not await _signs(signer):
        return PartState.BAD
    return PartState.DELAYED if state.is_late else PartState.GOOD


def _line(state: _DatabaseState) -> PartState:
    """The status of the queue that is worst off."""
    if not state.queues_move:
        return PartState.BAD
    if QueueState.HALTED in state.queue_states:
        return PartState.HELD
    return PartState.NO_STOCK if QueueState.OUT_OF_STOCK in state.queue_states else PartState.GOOD


async def _database_state(db: Database, now: datetime) -> _DatabaseState | None:
    """Reads the state of the service; None when the database does not answer."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            offered = {event.slug for event in await events(db)}
            async with db.connection() as connection:
                stock = await ledger.stock(connection, SELLER)
                can_pay = await can_be_paid(connection, now=now)
                oldest = await oldest_late_stamp(connection)
            published = await last_published(db)
            signs = [sign for sign in (await queue_signs(db)).values() if sign.event in offered]
            return _DatabaseState(
                has_stock=stock.available > 0,
                can_pay=can_pay,
                is_stopped=await is_signing_stopped(db),
                is_late=oldest is not None and now - oldest > LATE_AFTER,
                queues_move=None if published is None else now.timestamp() - published <= _SILENT_SECONDS_MAX,
                queue_states={sign.state for sign in signs},
                lines=tuple(sorted(sign.event for sign in signs if sign.keeps_drafts)),
            )
    except DATABASE_IS_DOWN as error:
        log.warning("status_database_down", error=type(error).__name__)
        return None


async def _signs(signer: Signer) -> bool:
    """Tells whether the signer answers and has a key that signs now."""
    reason = (await ask_signer(signer, within_s=_SECONDS_MAX)).trouble
    if reason:
        log.warning("status_signer_down", reason=reason)
    return not reason
