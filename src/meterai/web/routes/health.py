"""What the launcher and people ask: is it up, and is every part up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from litestar import Response, get

from meterai.kernel.errors import Refusal
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.queries import can_be_paid, events, oldest_order_being_stamped
from meterai.waiting_room.queries import last_steps
from meterai.web.desk import Desk, WebRequest
from meterai.web.languages import later

log = structlog.get_logger(__name__)
LATE_AFTER = timedelta(minutes=2)
"""A stamp that was paid for longer is late: people are told that it usually takes less than a minute."""

_SECONDS_MAX = 2.0
"""A part that answers later does not work."""
_STEP_SECONDS_MAX = 10.0
"""The controller of the queues takes a step each second; another takes over from one that stopped."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the service and how it is."""

    name: str
    ok: bool
    text: str


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Answers while the process serves; asks nobody else."""
    return Response(b"ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@get("/status")
async def show_status(request: WebRequest, desk: Desk) -> Response[bytes]:
    """How the parts are, for people."""
    words = desk.pages.gettext
    language = desk.visit(request).language
    now = desk.house.clock()
    stored, stopped, late, paid, line = await _database_says(desk, now)
    good, bad = words(language, later("Berjalan")), words(language, later("Terganggu"))
    names = [
        later("Situs dan pembelian"),
        later("Pembayaran"),
        later("Pemeriksaan meterai"),
        later("Catatan uang dan kuota"),
    ]
    states = [stored, paid, True, stored]
    rows = [Part(words(language, n), ok, good if ok else bad) for n, ok in zip(names, states, strict=True)]
    paused = words(language, later("Dihentikan sementara; yang sudah masuk tersimpan dan dilanjutkan"))
    delayed = words(language, later("Tertunda; yang sudah masuk tersimpan dan dilanjutkan"))
    seal = words(language, later("Pembubuhan meterai"))
    seals = stored and not stopped and await _signs(desk)
    how = paused if stopped else bad if not seals else delayed if late else good
    rows.insert(2, Part(seal, seals and not late, how))
    if line is not None:
        rows.append(Part(words(language, later("Antrean pendaftaran")), line, good if line else bad))
    return desk.page(request, "status.html", rows=rows, now=now)


async def _database_says(desk: Desk, now: datetime) -> tuple[bool, bool, bool, bool, bool | None]:
    """Whether the database answers, signing is stopped, stamps that were paid are late, people can pay, and
    the line of an event moves on (None: there is none)."""
    db = desk.house.db
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            await events(db)
            async with db.connection() as connection:
                oldest = await oldest_order_being_stamped(connection)
                paid = await can_be_paid(connection, now=now)
            late = oldest is not None and now - oldest > LATE_AFTER
            stepped = await last_steps(db)
            moves = None if stepped is None else now.timestamp() - stepped <= _STEP_SECONDS_MAX
            return True, await is_signing_stopped(db), late, paid, moves
    except DATABASE_IS_DOWN as error:
        log.warning("status_database_down", error=type(error).__name__)
        return False, False, False, False, None


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
