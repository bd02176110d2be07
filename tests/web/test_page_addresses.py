"""The addresses that have a page."""

from __future__ import annotations

from litestar import Litestar, Response, get, post

from meterai.api.routes import HANDLERS as API_HANDLERS
from meterai.api.routes import ROUTES as API_ROUTES
from meterai.sales.events import OUR_ADDRESSES
from meterai.web.pages.cached_pages import SAME_FOR_EVERYONE
from meterai.web.requests.page_addresses import PageAddresses
from meterai.web.routes import ROUTES


@get("/saya/masuk")
async def own_page() -> Response[bytes]:
    return Response(b"mine", media_type="text/plain")


@get("/{slug:str}/masuk")
async def page_of_event(slug: str) -> Response[bytes]:
    return Response(slug.encode(), media_type="text/plain")


@post("/saya/kabari")
async def form_alone() -> Response[bytes]:
    return Response(b"", media_type="text/plain")


@get("/{slug:str}/kabari")
async def news(slug: str) -> Response[bytes]:
    return Response(slug.encode(), media_type="text/plain")


def test_a_page_is_there_for_who_goes_back_to_it() -> None:
    """An event has a page only if it is known. An address that takes forms alone is not a page of an
    event.
    """
    litestar = Litestar([own_page, page_of_event, form_alone, news], openapi_config=None)
    addresses = PageAddresses(litestar, lambda: ("casn", "saya"))
    pages = ("/saya/masuk", "/casn/masuk", "/lain/masuk", "/casn/kabari", "/saya/kabari", "/saya/x")
    assert [addresses.has_page(page) for page in pages] == [True, True, False, True, False, False]
    assert addresses.page_above("/casn/masuk/kode/1") == "/casn/masuk"
    assert addresses.page_above("/lain/masuk/kode") == ""


def test_no_event_can_take_the_address_of_a_page() -> None:
    """Its page would replace the shop, or a page of the customer."""
    routes = (*ROUTES, *API_HANDLERS, API_ROUTES[-1])  # the last one is the wire's
    paths = [*SAME_FOR_EVERYONE, *(path for route in routes for path in route.paths)]
    first = {path.split("/")[1] for path in paths}
    others = {"{slug:str}", "p", "C", "favicon.ico", "robots.txt", ".well-known"}  # none looks like a slug
    assert first - others | {"en", "aset", "antre"} == OUR_ADDRESSES
