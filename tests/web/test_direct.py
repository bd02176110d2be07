"""The table of routes that the site calls itself, beside a Litestar application for everything else."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Stream

from meterai.api.routes import ROUTES as API_ROUTES
from meterai.sales.events import OUR_ADDRESSES
from meterai.web.requests.direct import DirectRoutes
from meterai.web.routes import ROUTES
from meterai.web.site import SAME_FOR_EVERYONE
from tests.web import asking
from tests.web.asking import Answer

type WebRequest = Request[Any, Any, Any]


@get("/saya/masuk")
async def static() -> Response[bytes]:
    return Response(b"mine", media_type="text/plain")


@get("/{slug:str}/masuk")
async def by_name(slug: str, desk: str) -> Response[bytes]:
    return Response(f"{desk} {slug}".encode(), media_type="text/plain", headers={"X-Mark": "1"})


@post("/nomor/{number:int}/{id:uuid}", status_code=303)
async def converted(request: WebRequest, number: int, id: UUID) -> Response[bytes]:
    cookie = Cookie(key="k", value="v", httponly=True)
    return Response(
        f"{number + 1} {id.version} {request.method}".encode(), media_type="text/html", cookies=[cookie]
    )


@get("/gagal")
async def failing() -> Response[bytes]:
    raise LookupError("x")


@get("/aliran")
async def streaming() -> Stream:
    return Stream(iter([b"a", b"b"]), media_type="text/plain")


@post("/saya/kabari")
async def form_alone() -> Response[bytes]:
    return Response(b"", media_type="text/plain")


@get("/{slug:str}/kabari")
async def news(slug: str) -> Response[bytes]:
    return Response(slug.encode(), media_type="text/csv; charset=latin-1")


@get("/sama")
async def unchanged() -> Response[bytes]:
    return Response(b"", status_code=304, media_type="text/html", headers={"ETag": "x"})


HANDLERS = [by_name, static, converted, failing, streaming, form_alone, news, unchanged]


def _answer_error(request: WebRequest, error: Exception) -> Response[bytes]:
    return Response(
        f"{request.scope['path_template']} {type(error).__name__}".encode(),
        status_code=500,
        media_type="text/plain",
    )


def make_routes() -> DirectRoutes:
    async def give_desk() -> str:
        return "litestar"

    litestar = Litestar(HANDLERS, dependencies={"desk": give_desk}, openapi_config=None)  # type: ignore[dict-item]
    return DirectRoutes(litestar, HANDLERS, given={"desk": "direct"}, answer_error=_answer_error)


def ask(path: str, method: str = "GET") -> Answer:
    return asyncio.run(asking.ask(make_routes(), path, method=method))


def test_an_address_in_words_goes_before_one_with_a_name_in_it() -> None:
    assert ask("/saya/masuk").text == "mine"
    answer = ask("/casn/masuk")
    assert (answer.status, answer.text, answer.headers["x-mark"]) == (200, "direct casn", "1")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == "11"


def test_parts_of_the_address_become_what_the_handler_asks_for() -> None:
    answer = ask("/nomor/41/01a21237-d944-702e-880c-dfc1a21e4790", "POST")
    assert (answer.status, answer.text) == (303, "42 7 POST")
    assert answer.cookies[0].startswith("k=v; HttpOnly")


def test_what_the_table_does_not_know_is_left_to_litestar() -> None:
    assert ask("/tidak/ada").status == 404
    assert ask("/saya/masuk", "POST").status == 405
    assert ask("/nomor/satu/01a21237-d944-702e-880c-dfc1a21e4790", "POST").status == 404
    assert ask("/aliran").text == "ab"


def test_an_exception_becomes_a_page_that_knows_the_route() -> None:
    answer = ask("/gagal")
    assert (answer.status, answer.text) == (500, "/gagal LookupError")


def test_a_page_is_there_for_who_goes_back_to_it() -> None:
    """Of an event that has a door alone; and an address that takes forms alone is no event's page."""
    routes, events = make_routes(), ("casn", "saya")
    pages = ("/saya/masuk", "/casn/masuk", "/lain/masuk", "/casn/kabari", "/saya/kabari", "/saya/x")
    assert [routes.has_page(page, events) for page in pages] == [True, True, False, True, False, False]
    assert routes.page_of("/casn/masuk/kode/1", events) == "/casn/masuk"
    assert routes.page_of("/lain/masuk/kode", events) == ""


def test_an_answer_says_of_its_kind_and_length_what_is_so() -> None:
    assert ask("/casn/kabari").headers["content-type"] == "text/csv; charset=latin-1"
    answer = ask("/sama")
    assert (answer.status, answer.headers) == (304, {"etag": "x"}), "of the page that the browser has"


def test_no_event_can_take_the_address_of_a_page() -> None:
    """Its page would stand in the place of the shop, or of what a customer has."""
    paths = [*SAME_FOR_EVERYONE, *(path for route in (*ROUTES, *API_ROUTES) for path in route.paths)]
    first = {path.split("/")[1] for path in paths}
    others = {"{slug:str}", "p", "C"}  # no slug is one letter
    assert first - others | {"en", "aset", "antre"} == OUR_ADDRESSES
