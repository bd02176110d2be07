"""All routes of the API, with its own way of answering refusals."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import HTTPException

from meterai.api.openapi import read_openapi
from meterai.api.payments import receive_midtrans_notice
from meterai.api.problems import problem_response
from meterai.api.verification import read_digest, read_serial, verify_document
from meterai.kernel.errors import Kind, Refusal

ROUTES = [read_openapi, receive_midtrans_notice, read_digest, read_serial, verify_document]


def make_api() -> Router:
    """The router below /api."""
    return Router(
        path="/api",
        route_handlers=ROUTES,
        exception_handlers={Refusal: _refused, HTTPException: _http_refused},
    )


def _refused(_: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    return problem_response(refusal)


def _http_refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code == 413:
        return problem_response(Refusal(Kind.INVALID, "pdf.too_large"))
    kind = Kind.NOT_FOUND if error.status_code == 404 else Kind.INVALID
    response = problem_response(
        Refusal(kind, "api.not_found" if kind is Kind.NOT_FOUND else "api.unreadable")
    )
    response.status_code = error.status_code
    return response
