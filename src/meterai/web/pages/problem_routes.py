"""The page about a refusal of the API: where the `type` of a problem leads (RFC 9457)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.api_problems import explanation_of
from meterai.texts.told import Text, said
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.requests.visits import visit_of

TEMPLATE = "problem.html"


@get("/api/problems/{code:str}")
async def show_problem(request: WebRequest, context: RequestContext, code: str) -> Response[Any]:
    """Shows what happened and what to do.

    Raises: api.not_found (404) for a code that there is not.
    """
    return context.page(request, TEMPLATE, text=problem_text(code, visit_of(request.scope).language))


def problem_text(code: str, language: str) -> Text:
    """What the page says. Raises: as `show_problem`."""
    explanation = explanation_of(code)
    if explanation is None:
        raise Refusal(Kind.NOT_FOUND, "api.not_found")
    return said(code, explanation, language)


ROUTES = [show_problem]
