"""What the launcher and people ask: is it up, and is every part up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from litestar import Response, get

from meterai.customers.organisations import SELLER
from meterai.kernel.errors import Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.ledger import queries as ledger
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.queries import can_be_paid, events, oldest_order_being_stamped
from meterai.stamping.queries import documents_without_file
from meterai.waiting_room.model import QueueState
from meterai.waiting_room.queries import last_published, queue_signs
from meterai.web.desk import Desk, WebRequest
from meterai.web.languages import later

log = structlog.get_logger(__name__)
LATE_AFTER = timedelta(minutes=2)
"""A stamp that was paid for longer is late: people are told that it usually takes less than a minute."""

_SECONDS_MAX = 2.0
"""A part that answers later does not work."""
_SILENT_SECONDS_MAX = 10.0
"""The controller of the queues publishes each second; another takes over from one that stopped."""


_GOOD, _BAD = later("Berjalan"), later("Terganggu")
_NO_STOCK = later("Stok meterai habis; pesanan tersimpan sebagai draf")
_HELD = later("Ditahan; tidak ada yang kehilangan tempat")
_DELAYED = later("Tertunda; yang sudah masuk tersimpan dan dilanjutkan")
_PAUSED = later("Dihentikan sementara; yang sudah masuk tersimpan dan dilanjutkan")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the service and how it is."""

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the database says."""

    has_stock: bool
    can_pay: bool
    is_stopped: bool
    """The stop switch is thrown."""
    is_late: bool
    """Stamps that were paid for are late."""
    line_moves: bool | None
    """Whether a controller takes its steps; None: no queue is on."""
    lines: set[QueueState]


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Answers while the process serves; asks nobody else."""
    return Response(b"ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@get("/status")
async def show_status(request: WebRequest, desk: Desk) -> Response[bytes]:
    """How the parts are, for people."""
    words, language = desk.pages.gettext, desk.visit(request).language
    now = desk.house.clock()
    told = await _database_says(desk, now)
    parts = [
        (later("Situs dan pembelian"), _purchase(told)),
        (later("Pembayaran"), _GOOD if told and told.can_pay else _BAD),
        (later("Pembubuhan meterai"), await _stamping(desk, told)),
        (later("Pemeriksaan meterai"), _GOOD),
        (later("Catatan uang dan kuota"), _GOOD if told else _BAD),
    ]
    if told and told.line_moves is not None:
        parts.append((later("Antrean pendaftaran"), _line(told)))
    rows = [Part(words(language, name), how == _GOOD, words(language, how)) for name, how in parts]
    return desk.page(request, "status.html", rows=rows, now=now)


def _purchase(told: _Told | None) -> str:
    if told is None:
        return _BAD
    return _GOOD if told.has_stock else _NO_STOCK


async def _stamping(desk: Desk, told: _Told | None) -> str:
    if told is None:
        return _BAD
    if told.is_stopped:
        return _PAUSED
    if not await _signs(desk):
        return _BAD
    return _DELAYED if told.is_late else _GOOD


def _line(told: _Told) -> str:
    """How the worst of the lines is."""
    if not told.line_moves:
        return _BAD
    if QueueState.HALTED in told.lines:
        return _HELD
    return _NO_STOCK if QueueState.OUT_OF_STOCK in told.lines else _GOOD


async def _database_says(desk: Desk, now: datetime) -> _Told | None:
    """None: the database does not answer."""
    db = desk.house.db
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            offered = {event.slug for event in await events(db)}
            async with db.connection() as connection:
                stock = await ledger.stock(connection, SELLER)
                can_pay = await can_be_paid(connection, now=now)
                lost = await documents_without_file(connection)
                oldest = await oldest_order_being_stamped(connection, but_for=lost)
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


async def _signs(desk: Desk) -> bool:
    """Whether the signer answers and has a key that signs now."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            await desk.house.signer.ping()
    except (Refusal, TimeoutError) as error:
        reason = error.code if isinstance(error, Refusal) else "no answer"
        log.warning("status_signer_down", reason=reason)
        return False
    return True


ROUTES = [healthz, show_status]
