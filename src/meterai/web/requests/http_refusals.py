"""Refusals for what Litestar refuses before a route runs: an unknown address or method, a body too large."""

from __future__ import annotations

from litestar import Response
from litestar.exceptions import HTTPException

from meterai.kernel.refusals import Kind, Refusal

_PAGES = {404: (Kind.NOT_FOUND, "page.not_found"), 405: (Kind.NOT_FOUND, "page.wrong_method")}
_API = {404: (Kind.NOT_FOUND, "api.not_found"), 413: (Kind.INVALID, "pdf.too_large")}


def page_refusal(error: HTTPException) -> Refusal:
    """The refusal that a page shows."""
    kind, code = _PAGES.get(error.status_code, (Kind.INVALID, "form.unreadable"))
    return Refusal(kind, code)


def api_refusal(error: HTTPException) -> Refusal:
    """The refusal that the API answers with, under the error's own status."""
    kind, code = _API.get(error.status_code, (Kind.INVALID, "api.unreadable"))
    return Refusal(kind, code)


def with_methods(response: Response[bytes], error: HTTPException) -> Response[bytes]:
    """Gives the answer to a wrong method its status and the right methods (RFC 9110 section 15.5.6)."""
    if error.status_code == 405:
        response.status_code = 405
        response.headers |= error.headers or {}
    return response
