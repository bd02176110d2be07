"""The page of an apology after an incident."""

from __future__ import annotations

from litestar import Response, get

from meterai.news.apology.letter import letter_of
from meterai.news.apology.queries import apology_for
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/kabar/{number:int}")
async def show_apology(request: WebRequest, context: RequestContext, number: int) -> Response[bytes]:
    """Shows the published apology for an incident. Raises: Refusal NOT_FOUND `page.not_found`."""
    async with context.service.db.connection() as connection:
        found = await apology_for(connection, number)
    return context.page(request, "apology.html", letter=letter_of(found, context.visit(request).language))


ROUTES = [show_apology]
