"""Builds the site: its routes and the middleware around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar import Litestar, Request
from litestar.di import Provide

from meterai.bootstrap import App
from meterai.kernel.clock import business_date
from meterai.kit.http.network_limits import NetworkLimits
from meterai.kit.operator import operator_of
from meterai.kit.privacy import privacy_of
from meterai.kit.settings import gate_address
from meterai.kit.tracing.requests import traced
from meterai.news.reader import NewsReader
from meterai.operations.service_status import ServiceStatus
from meterai.sales.queries.offer import Offer
from meterai.web.account.code_work import CodeWork
from meterai.web.developers.developer_pages import DeveloperPages, no_api
from meterai.web.line.line_pages import LinePages
from meterai.web.line.queues import queues_of
from meterai.web.pages.assets import Assets
from meterai.web.pages.cached_pages import CachedPages, make_cached_pages
from meterai.web.pages.offers import Offers
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
    offer: Offer,
    more_routes: Sequence[Any] = (),
    describe_api: DescribeRoutes | None = None,
    problem: MakeProblem,
) -> SiteMiddleware:
    """Makes the ASGI application.

    - `offer`: prices and events as they are at the start. The site follows their changes.
    - `more_routes`: the API.
    - `describe_api`: makes the description of the API (OpenAPI) for the pages of developers.
    - `problem`: makes the answer to a refusal at any address under /api/.
    """
    assets = Assets()
    offers = Offers(service.db, offer)
    pages = Pages(_facts(service, offer), assets)
    context = RequestContext(
        service=service,
        pages=pages,
        tls=service.public_url.startswith("https:"),  # spoken by us, or by what stands in front of us
        offers=offers,
        queues=queues_of(service.settings, service.db),
        status=ServiceStatus(service.db, service.signer, service.clock),
        code_work=CodeWork(lambda: service.secret),
        case_limits=NetworkLimits(burst=3, per_second=1 / 30, hard_factor=10),
    )
    litestar = _routes(more_routes)
    addresses = PageAddresses(litestar, lambda: offers.known_events)

    reader = NewsReader(service.db, service.clock)

    latest: tuple[object, object] = (None, None)

    async def read_latest() -> object:
        nonlocal latest
        pages.news = await reader.now()
        found = (pages.news, await offers.now())
        if any(one is not before for one, before in zip(found, latest, strict=True)):
            latest = found
        return latest

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
        pages.facts = replace(pages.facts, **_facts_of_offer(offers.known, now))
        made = make_cached_pages(pages, offers.known.events, now)
        made |= code_reader_pages(pages, service.trust.code_keys)
        return made, offers.known.next_change(now)

    return SiteMiddleware(
        LoadMeter(
            traced(PageAfterForm(litestar)),
            lambda: context.queues.entered,
            begun=lambda: context.queues.begun,
        ),
        assets,
        make_pages,
        tls=context.tls,
        hsts=service.settings.hsts,
        forms_lead_to=gate_address(service.settings),
        has_page=addresses.has_page,
        line_pages=LinePages(context, pages).now,
        made_from=lambda: service.trust,
        read_latest=read_latest,
    )


def _facts(service: App, offer: Offer) -> SiteFacts:
    settings = service.settings
    return SiteFacts(
        public_url=service.public_url,
        development=settings.environment == "development",
        **_facts_of_offer(offer, service.clock()),
        payment_minutes=settings.payment_minutes,
        refund_wait_minutes=settings.refund_wait_minutes,
        refund_release_above=settings.refund_release_above,
        contact=settings.contact,
        gate_url=gate_address(settings),
        operator=operator_of(settings),
        privacy=privacy_of(settings),
    )


def _facts_of_offer(offer: Offer, now: datetime) -> dict[str, Any]:
    """The facts of a `SiteFacts` that change while the site runs."""
    today = business_date(now)
    price = offer.price(today)
    return {
        "face_value": offer.face_value(today),
        "fee": price.fee,
        "vat_basis_points": price.vat_basis_points,
        "events": offer.events,
    }


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
