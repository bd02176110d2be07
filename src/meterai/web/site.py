"""Builds the site: routes behind the edge, pages that are the same for everyone made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException

from meterai.bootstrap import App
from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import is_outage, log_trouble
from meterai.kit.settings import gate_address
from meterai.sales.events import Event
from meterai.sales.queries.tariffs import Tariff
from meterai.texts.languages import languages
from meterai.web.line.queues import queues_of
from meterai.web.pages.assets import Assets
from meterai.web.pages.service_parts import Parts
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.http_refusals import api_refusal, page_refusal, with_methods
from meterai.web.requests.load_meter import LoadMeter
from meterai.web.requests.middleware import CachedPages, Edge, cache_page
from meterai.web.requests.page_addresses import PageAddresses
from meterai.web.requests.page_after_form import PageAfterForm
from meterai.web.requests.request_context import RequestContext
from meterai.web.requests.visits import Visit, visit_of
from meterai.web.routes import ROUTES
from meterai.web.verify.code_reader import code_reader_pages

log = structlog.get_logger(__name__)

SAME_FOR_EVERYONE = {
    "/harga": "price.html",
    "/pengembalian": "refund_terms.html",
    "/bantuan": "help.html",
}

_SAME_EVERYWHERE = {"order.not_found", "bundle.unknown", "event.unknown", "event.closed", "session.missing"}

type MakeProblem = Callable[[Refusal, str, int], Response[Any]]


def build_site(
    service: App,
    *,
    tariffs: Sequence[Tariff],
    events: Sequence[Event] = (),
    former: Sequence[Event] = (),
    more_routes: Sequence[Any] = (),
    problem: MakeProblem,
) -> Edge:
    """The ASGI application. `tariffs`: all, the earliest first, also those to come; `events` get a page each;
    `former` ones, which are offered no more, keep the door at which certificates are given. `more_routes` is
    the API.

    `problem` answers a refusal of any address under /api/, also one that no route knows; the help code is
    that of a fault, which stands in the log; a status of 0 is the one of the refusal's kind.
    """
    settings = service.settings
    tls = service.public_url.startswith("https:")  # spoken by us, or by what stands in front of us
    facts = SiteFacts(
        public_url=service.public_url,
        development=settings.environment == "development",
        face_value=_face_value(tariffs, service.clock()),
        fee=settings.service_fee,
        vat_basis_points=settings.vat_basis_points,
        payment_minutes=settings.payment_minutes,
        events=tuple((event.slug, event.name) for event in events),
        contact=settings.contact,
    )
    assets = Assets()
    pages = Pages(facts, assets)
    queues = queues_of(settings, service.db)
    offered = {event.slug: event for event in events}
    known_events = {event.slug: event for event in former} | offered
    context = RequestContext(service, pages, tls, offered, known_events, queues, Parts(service))

    def give_service() -> App:
        return service

    def give_context() -> RequestContext:
        return context

    litestar = Litestar(
        route_handlers=[*ROUTES, *more_routes],
        dependencies={
            "service": Provide(give_service, sync_to_thread=False),
            "context": Provide(give_context, sync_to_thread=False),
        },
        exception_handlers={
            Refusal: _unless_after_form(_refused),
            HTTPException: _unless_after_form(_http_refused),
            Exception: _unless_after_form(_failed),
        },
        request_max_body_size=None,
        openapi_config=None,
        logging_config=None,
        signature_types=[App, RequestContext],
    )
    litestar.state.context = context
    litestar.state.problem = problem
    litestar.state.addresses = addresses = PageAddresses(litestar, known_events)

    def make_pages() -> tuple[CachedPages, float]:
        now = service.clock()
        pages.name_tariff(_face_value(tariffs, now))
        made = make_cached_pages(pages, events, now) | code_reader_pages(pages, service.trust.code_keys)
        return made, _next_change(events, tariffs, now)

    meter = LoadMeter(PageAfterForm(litestar), lambda: context.queues.entered)
    return Edge(
        meter,
        assets,
        make_pages,
        tls=tls,
        forms_lead_to=gate_address(settings),
        has_page=addresses.has_page,
    )


def meter_of(site: Edge) -> LoadMeter:
    """What measures the load of a site that `build_site` made."""
    assert isinstance(site.site, LoadMeter)
    return site.site


def _face_value(tariffs: Sequence[Tariff], now: datetime) -> int:
    """The tariff of the day."""
    return [one.face_value for one in tariffs if one.valid_from <= business_date(now)][-1]


def _next_change(events: Sequence[Event], tariffs: Sequence[Tariff], now: datetime) -> float:
    """When an event opens or closes next, or another tariff begins, as Unix time."""
    moments = [moment for event in events for moment in (event.opens_at, event.closes_at)]
    moments += [start_of_business_date(one.valid_from) for one in tariffs]
    return min((moment.timestamp() for moment in moments if moment > now), default=float("inf"))


def make_cached_pages(pages: Pages, events: Sequence[Event], now: datetime) -> CachedPages:
    """Every page that is the same for everyone, in each language, as it reads at `now`."""
    offered = [event for event in events if event.is_open(now)]
    wanted: list[tuple[str, str, dict[str, Any]]] = [("/", "home.html", {"events": offered})]
    wanted.append(("/periksa", "verify.html", {"refused": "", "serial": ""}))
    wanted += [(path, template, {}) for path, template in SAME_FOR_EVERYONE.items()]
    for event in events:
        stamps = len(event.required_documents)
        wanted.append(
            (f"/{event.slug}", "event.html", {"event": event, "stamps": stamps, "open": event.is_open(now)})
        )
    made = {}
    for language in languages():
        for path, template, values in wanted:
            visit = Visit(language, path, "", "")
            made[language, path] = cache_page(pages.render(visit, template, **values))
    return made


def _is_api(request: Request[Any, Any, Any]) -> bool:
    return request.scope["path"].startswith("/api/")


def _context(request: Request[Any, Any, Any]) -> RequestContext:
    context = request.app.state.context
    assert isinstance(context, RequestContext)
    return context


def _unless_after_form[Error: Exception](
    handler: Callable[[Request[Any, Any, Any], Error], Response[Any]],
) -> Callable[[Request[Any, Any, Any], Error], Response[Any]]:
    """An exception handler that only notes the failure of a page that would follow a form."""

    def handle(request: Request[Any, Any, Any], error: Error) -> Response[Any]:
        visit = visit_of(request.scope)
        if visit.is_after_form:
            visit.has_failed = True
            return Response(b"", status_code=500)
        return handler(request, error)

    return handle


def _refused(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    if _is_api(request):
        return _problem(request, refusal)
    visit = visit_of(request.scope)
    log.info("refused", code=refusal.code, kind=refusal.kind.value, help_code=visit.help_code)
    return _context(request).refusal(request, refusal, back=_way_back(request, refusal))


def _way_back(request: Request[Any, Any, Any], refusal: Refusal) -> str:
    """The page of ours to go on from: that of the form when it was not read, else the one above it. An
    address that only takes forms is asked for as a page when a browser loads the answer to one again.

    Empty when there is none, or when it would answer the same.
    """
    if refusal.code == "page.not_found" or refusal.code in _SAME_EVERYWHERE:
        return ""
    visit = visit_of(request.scope)
    addresses: PageAddresses = request.app.state.addresses
    if refusal.code.startswith("form.") and addresses.has_page(visit.path):
        return visit.here(visit.language)
    above = addresses.page_above(visit.path.rpartition("/")[0])
    return visit.link(above) if above else ""


def _http_refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if _is_api(request):
        response = _problem(request, api_refusal(error), status=error.status_code)
    else:
        response = _refused(request, page_refusal(error))
    return with_methods(response, error)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An unexpected fault: everything into the log, nothing but the help code to the outside. An outage is
    told as what passes (503, with `Retry-After`)."""
    visit = visit_of(request.scope)
    told = {"help_code": visit.help_code, "path_template": _template(request)}
    log_trouble(log, error, outage="unavailable", fault="fault", **told)
    status = 500
    if is_outage(error):
        status = 503
        _context(request).parts.note_outage()
    refusal = Refusal(Kind.UNAVAILABLE, "server.fault")
    if _is_api(request):
        return _problem(request, refusal, visit.help_code, status)
    response = _context(request).refusal(request, refusal, back=_way_back(request, refusal))
    response.status_code = status
    return response


def _template(request: Request[Any, Any, Any]) -> str:
    """The route, without what was in the address (it may hold a token)."""
    return str(request.scope.get("path_template", "?"))


def _problem(
    request: Request[Any, Any, Any], refusal: Refusal, help_code: str = "", status: int = 0
) -> Response[Any]:
    make: MakeProblem = request.app.state.problem
    return make(refusal, help_code, status)
