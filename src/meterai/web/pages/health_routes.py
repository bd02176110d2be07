"""What the launcher and people ask: is it up, and is every part up."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from meterai.web.pages.service_parts import GOOD
from meterai.web.requests.desk import Desk, WebRequest


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
    words, language = desk.pages.gettext, desk.visit(request).language
    seen = await desk.parts.seen()
    rows = [Part(words(language, name), how == GOOD, words(language, how)) for name, how in seen.parts]
    return desk.page(request, "status.html", rows=rows, now=seen.at)


ROUTES = [healthz, show_status]
