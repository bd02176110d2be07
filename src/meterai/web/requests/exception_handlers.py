"""What the site answers when a route raises: a page for people, a problem (RFC 9457) for the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import is_outage, log_trouble
from meterai.sales.queries.order_access import read_order_number
from meterai.web.account.code_work import WorkAsked
from meterai.web.requests.http_refusals import api_refusal, page_refusal, with_methods
from meterai.web.requests.page_addresses import PageAddresses
from meterai.web.requests.request_context import RequestContext, WebRequest
from meterai.web.requests.visits import visit_of

log = structlog.get_logger(__name__)

type MakeProblem = Callable[[Refusal, str, int, str], Response[Any]]
"""Makes the API's answer to a refusal.

The second argument is the help code of a fault, which stands in the log too. The third is the status; 0
stands for that of the refusal's kind. The fourth is the address of the service.
"""

_SAME_EVERYWHERE = {"order.not_found", "bundle.unknown", "event.unknown", "event.closed", "session.missing"}


def _is_api(request: WebRequest) -> bool:
    return request.scope["path"].startswith("/api/")


def _context(request: WebRequest) -> RequestContext:
    context = request.app.state.context
    assert isinstance(context, RequestContext)
    return context


def _unless_after_form[Error: Exception](
    handler: Callable[[WebRequest, Error], Response[Any]],
) -> Callable[[WebRequest, Error], Response[Any]]:
    """Makes an exception handler that only notes when the page after a form has failed (`PageAfterForm`)."""

    def handle(request: WebRequest, error: Error) -> Response[Any]:
        visit = visit_of(request.scope)
        if visit.is_after_form:
            visit.has_failed = True
            return Response(b"", status_code=500)
        return handler(request, error)

    return handle


def _refused(request: WebRequest, refusal: Refusal) -> Response[Any]:
    if _is_api(request):
        return _problem(request, refusal)
    visit = visit_of(request.scope)
    facts = {"help_code": visit.help_code, **_order(request)}
    log.info("refused", code=refusal.code, kind=refusal.kind.value, **facts)
    return _context(request).refusal(request, refusal, back=_way_back(request, refusal))


def _work_asked(request: WebRequest, asked: WorkAsked) -> Response[Any]:
    return _context(request).work_page(request, asked.needed)


def _way_back(request: WebRequest, refusal: Refusal) -> str:
    """The page to which the page of a refusal links, so that people can go on.

    It is the form's own page when the form was not read, else the page above. Browsers ask for an address
    that only takes forms when people load the answer to a form again. Empty when there is no such page, or
    when it would give the same answer.
    """
    if refusal.code == "page.not_found" or refusal.code in _SAME_EVERYWHERE:
        return ""
    visit = visit_of(request.scope)
    addresses: PageAddresses = request.app.state.addresses
    if refusal.code.startswith("form.") and addresses.has_page(visit.path):
        return visit.here(visit.language)
    above = addresses.page_above(visit.path.rpartition("/")[0])
    return visit.link(above) if above else ""


def _http_refused(request: WebRequest, error: HTTPException) -> Response[Any]:
    if _is_api(request):
        response = _problem(request, api_refusal(error), status=error.status_code)
    else:
        response = _refused(request, page_refusal(error))
    return with_methods(response, error)


def _failed(request: WebRequest, error: Exception) -> Response[Any]:
    """Answers an unexpected fault. The log has everything; the answer shows the help code alone.

    An outage is answered with 503 and `Retry-After`.
    """
    visit = visit_of(request.scope)
    facts = {"help_code": visit.help_code, "path_template": _template(request), **_order(request)}
    log_trouble(log, error, outage="unavailable", fault="fault", **facts)
    status = 500
    if is_outage(error):
        status = 503
        _context(request).status.note_outage()
    refusal = Refusal(Kind.UNAVAILABLE, "server.fault")
    if _is_api(request):
        return _problem(request, refusal, visit.help_code, status)
    response = _context(request).refusal(request, refusal, back=_way_back(request, refusal))
    response.status_code = status
    return response


def _template(request: WebRequest) -> str:
    """The route's pattern. The address itself may hold a token."""
    return str(request.scope.get("path_template", "?"))


def _order(request: WebRequest) -> dict[str, str]:
    """The order whose page was asked for, so that a help code leads to it."""
    if not visit_of(request.scope).is_purchase:
        return {}
    number = read_order_number(str(request.path_params.get("number", "")))
    return {"order": number} if number else {}


def _problem(request: WebRequest, refusal: Refusal, help_code: str = "", status: int = 0) -> Response[Any]:
    make: MakeProblem = request.app.state.problem
    return make(refusal, help_code, status, _context(request).service.public_url)


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[WebRequest, Any], Response[Any]]] = {
    Refusal: _unless_after_form(_refused),
    WorkAsked: _unless_after_form(_work_asked),
    HTTPException: _unless_after_form(_http_refused),
    Exception: _unless_after_form(_failed),
}
