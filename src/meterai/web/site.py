"""Builds the site: its routes and the middleware around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide

from meterai.bootstrap import App
from meterai.kernel.clock import business_date, start_of_business_date
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.operator import operator_of
from meterai.kit.privacy import privacy_of
from meterai.kit.settings import gate_address
from meterai.news.reader import NewsReader
from meterai.operations.service_status import ServiceStatus
from meterai.sales.events import Event
from meterai.sales.queries.tariffs import Tariff
from meterai.web.account.code_work import CodeWork
from meterai.web.developers.developer_pages import DeveloperPages, no_api
from meterai.web.line.line_pages import LinePages
from meterai.web.line.queues import queues_of
from meterai.web.pages.assets import Assets
from meterai.web.pages.cached_pages import CachedPages, make_cached_pages
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.exception_handlers import EXCEPTION_HANDLERS, MakeProblem
from meterai.web.requests.load_meter import LoadMeter
from meterai.web.requests.middleware import SiteMiddleware
from meterai.web.requests.page_addresses import PageAddresses
from meterai.web.requests.page_after_form import PageAfterForm
from meterai.web.requests.request_context import RequestContext
from meterai.web.routes import ROUTES
from meterai.web.verify.code_reader import code_reader_pages

type DescribeRoutes = Callable[[Litestar, str], Mapping[str, Any]]


def build_site(
    service: App,
    *,
    tariffs: Sequence[Tariff],
    events: Sequence[Event] = (),
    former: Sequence[Event] = (),
    more_routes: Sequence[Any] = (),
    describe_api: DescribeRoutes | None = None,
    problem: MakeProblem,
) -> SiteMiddleware:
    """Makes the ASGI application.

    - `tariffs`: all of them, also future ones, the earliest first.
    - `events`: those on offer; each gets a page. `former`: those that ended; they still give certificates.
    - `more_routes`: the API.
    - `describe_api`: makes the description of the API (OpenAPI) for the pages of developers.
    - `problem`: makes the answer to a refusal at any address under /api/.
    """
    assets = Assets()
    pages = Pages(_facts(service, tariffs, events), assets)
    offered = {event.slug: event for event in events}
    known_events = {event.slug: event for event in former} | offered
    context = RequestContext(
        service=service,
        pages=pages,
        tls=service.public_url.startswith("https:"),  # spoken by us, or by what stands in front of us
        events=offered,
        known_events=known_events,
        queues=queues_of(service.settings, service.db),
        status=ServiceStatus(service.db, service.signer, service.clock),
        code_work=CodeWork(lambda: service.secret),
        case_limits=NetworkLimits(burst=3, per_second=1 / 30, hard_factor=10),
    )
    litestar = _routes(more_routes)
    addresses = PageAddresses(litestar, known_events)

    reader = NewsReader(service.db, service.clock)

    async def read_news() -> object:
        pages.news = await reader.news()
        return pages.news

    def describe() -> Mapping[str, Any]:
        return describe_api(litestar, service.public_url) if describe_api else no_api()

    litestar.state.update(
        {
            "service": service,
            "context": context,
            ServiceStatus.__name__: context.status,  # the API says the same (`api.dependencies.one_of`)
            "problem": problem,
            NewsReader.__name__: reader,
            "addresses": addresses,
            "developer_pages": DeveloperPages(pages, service.settings, describe),
        }
    )

    def make_pages() -> tuple[CachedPages, float]:
        now = service.clock()
        pages.name_tariff(_face_value(tariffs, now))
        made = make_cached_pages(pages, events, now) | code_reader_pages(pages, service.trust.code_keys)
        return made, _next_change(events, tariffs, now)

    return SiteMiddleware(
        LoadMeter(
            PageAfterForm(litestar), lambda: context.queues.entered, begun=lambda: context.queues.begun
        ),
        assets,
        make_pages,
        tls=context.tls,
        hsts=service.settings.hsts,
        forms_lead_to=gate_address(service.settings),
        has_page=addresses.has_page,
        line_pages=LinePages(context, pages, events).now,
        made_from=lambda: service.trust,
        read_news=read_news,
    )


def _facts(service: App, tariffs: Sequence[Tariff], events: Sequence[Event]) -> SiteFacts:
    settings = service.settings
    return SiteFacts(
        public_url=service.public_url,
        development=settings.environment == "development",
        face_value=_face_value(tariffs, service.clock()),
        fee=settings.service_fee,
        vat_basis_points=settings.vat_basis_points,
        payment_minutes=settings.payment_minutes,
        refund_wait_minutes=settings.refund_wait_minutes,
        refund_release_above=settings.refund_release_above,
        events=tuple(events),
        contact=settings.contact,
        gate_url=gate_address(settings),
        operator=operator_of(settings),
        privacy=privacy_of(settings),
    )


def _routes(more_routes: Sequence[Any]) -> Litestar:
    """The routes of any site. Its `state` tells them the service and the context."""
    return Litestar(
        route_handlers=[*ROUTES, *more_routes],
        dependencies={
            "service": Provide(_give_service, sync_to_thread=False),
            "context": Provide(_give_context, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=None,
        openapi_config=None,  # the API serves its own description (api/openapi.json)
        logging_config=None,
        signature_types=[App, RequestContext],
    )


def _give_service(request: Request[Any, Any, Any]) -> App:
    service: App = request.app.state.service
    return service


def _give_context(request: Request[Any, Any, Any]) -> RequestContext:
    context: RequestContext = request.app.state.context
    return context


def meter_of(site: SiteMiddleware) -> LoadMeter:
    """Returns the load meter of a site that `build_site` made."""
    assert isinstance(site.site, LoadMeter)
    return site.site


def _face_value(tariffs: Sequence[Tariff], now: datetime) -> int:
    """The tariff of the day."""
    return [one.face_value for one in tariffs if one.valid_from <= business_date(now)][-1]


def _next_change(events: Sequence[Event], tariffs: Sequence[Tariff], now: datetime) -> float:
    """When the next event opens or closes, or the next tariff begins, as Unix time."""
    moments = [moment for event in events for moment in (event.opens_at, event.closes_at)]
    moments += [start_of_business_date(one.valid_from) for one in tariffs]
    return min((moment.timestamp() for moment in moments if moment > now), default=float("inf"))
