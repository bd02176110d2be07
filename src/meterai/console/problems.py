"""What the console answers when a route raises: a page in words, with the way back."""

from __future__ import annotations

from typing import Any, Final

import structlog
from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.response import Redirect

from meterai.console.pages import Asked, language_of, page
from meterai.kernel.ids import new_help_code
from meterai.kernel.refusals import Refusal
from meterai.kit.database import is_outage, log_trouble
from meterai.kit.http.status import status_of
from meterai.texts.told import text_of

log = structlog.get_logger(__name__)
SIGN_IN: Final = "/masuk"
_HTTP: Final = {403: "form.stale", 404: "page.not_found", 405: "page.not_found", 413: "form.too_large"}


def _refused(request: Asked, refusal: Refusal) -> Response[Any]:
    log.info("console.refused", code=refusal.code)
    return _problem(request, refusal.code, status_of(refusal.kind), facts=refusal.facts)


def _not_signed_in(_: Asked, __: NotAuthorizedException) -> Response[Any]:
    return Redirect(SIGN_IN, status_code=303)


def _http_refused(request: Asked, error: HTTPException) -> Response[Any]:
    return _problem(request, _HTTP.get(error.status_code, "form.unreadable"), error.status_code)


def _failed(request: Asked, error: Exception) -> Response[Any]:
    code = new_help_code()
    log_trouble(log, error, outage="unavailable", fault="fault", help_code=code)
    return _problem(request, "server.fault", 503 if is_outage(error) else 500, help_code=code)


def _problem(
    request: Asked, code: str, status: int, *, facts: dict[str, object] | None = None, help_code: str = ""
) -> Response[bytes]:
    told = text_of(code, language_of(request), facts)
    return page(request, "problem.html", status, told=told, help_code=help_code)


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    Refusal: _refused,
    NotAuthorizedException: _not_signed_in,
    HTTPException: _http_refused,
    Exception: _failed,
}
