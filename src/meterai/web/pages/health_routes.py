"""Health of the process, for the launcher, and status of the service, for people."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from meterai.texts.mechanism.translation import translate
from meterai.texts.news_words import COMPONENTS, INCIDENT_STATES, SEVERITIES
from meterai.texts.service_states import PARTS, STATES, PartState
from meterai.web.line.line_news import news_of_lines
from meterai.web.requests.request_context import RequestContext, WebRequest


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of the service and its status."""

    name: str
    ok: bool
    text: str


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Answers while this process serves. It asks no other part."""
    return Response(b"ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@get("/status")
async def show_status(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows people the status of each part."""
    language = context.visit(request).language
    seen = await context.status.snapshot()
    rows = [
        PartRow(translate(PARTS[part], language), how is PartState.GOOD, translate(STATES[how], language))
        for part, how in seen.parts
    ]
    return context.page(
        request,
        "status.html",
        rows=rows,
        now=seen.at,
        line_news=await news_of_lines(context),
        severities=SEVERITIES,
        components=COMPONENTS,
        incident_states=INCIDENT_STATES,
    )


ROUTES = [healthz, show_status]
