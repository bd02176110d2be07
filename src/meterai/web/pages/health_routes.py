"""What the launcher and people ask: is it up, and is every part up."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from meterai.texts.service_states import GOOD
from meterai.texts.translation import translate
from meterai.web.requests.request_context import RequestContext, WebRequest


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
async def show_status(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """How the parts are, for people."""
    language = context.visit(request).language
    seen = await context.parts.seen()
    rows = [
        Part(translate(name, language), how == GOOD, translate(how, language)) for name, how in seen.parts
    ]
    return context.page(request, "status.html", rows=rows, now=seen.at)


ROUTES = [healthz, show_status]
