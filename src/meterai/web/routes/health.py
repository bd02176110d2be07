"""What the launcher and people ask: is it up, and is every part up."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from litestar import Response, get

from meterai.kit.database import DATABASE_IS_DOWN
from meterai.operations.use_cases.stop_signing import is_signing_stopped
from meterai.sales.queries import events
from meterai.web.desk import Desk, WebRequest
from meterai.web.languages import later

log = structlog.get_logger(__name__)


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
    stored, stopped = await _database_says(desk)
    good, bad = words(language, later("Berjalan")), words(language, later("Terganggu"))
    names = [later("Situs dan pembelian"), later("Pemeriksaan meterai"), later("Catatan uang dan kuota")]
    states = [stored, True, stored]
    rows = [Part(words(language, n), ok, good if ok else bad) for n, ok in zip(names, states, strict=True)]
    paused = words(language, later("Dihentikan sementara; yang sudah masuk tersimpan dan dilanjutkan"))
    seal = words(language, later("Pembubuhan meterai"))
    rows.insert(1, Part(seal, stored and not stopped, paused if stopped else good if stored else bad))
    return desk.page(request, "status.html", rows=rows, now=desk.house.clock())


async def _database_says(desk: Desk) -> tuple[bool, bool]:
    """Whether the database answers, and whether signing is stopped."""
    try:
        await events(desk.house.db)
        return True, await is_signing_stopped(desk.house.db)
    except DATABASE_IS_DOWN as error:
        log.warning("status_database_down", error=type(error).__name__)
        return False, False


ROUTES = [healthz, show_status]
