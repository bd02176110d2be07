"""Forms that are answered with the next page, and cases in which the browser goes there itself."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie

from meterai.web.requests.page_after_form import PageAfterForm
from meterai.web.requests.visits import Visit, visit_of
from tests.web.asking import Answer, ask

type WebRequest = Request[Any, Any, Any]


def lead_to(target: str, *cookies: Cookie) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"Location": target}, cookies=list(cookies))


@post("/kirim", status_code=303)
async def send_on(request: WebRequest) -> Response[bytes]:
    await request.body()
    request.query_params.get("ke")  # read, and kept by Litestar for this request alone
    gone = Cookie(key="lama", value="", max_age=0)
    return lead_to(request.query_params["ke"], Cookie(key="baru", value="1"), gone)


@get("/halaman/{name:str}")
async def page(request: WebRequest, name: str) -> Response[bytes]:
    visit = visit_of(request.scope)
    sent = "&".join(f"{key}={value}" for key, value in sorted(request.cookies.items()))
    body = await request.body()
    asked = request.query_params.get("meterai", "")
    told = (
        f"{request.method} {name} {asked} {visit.here(visit.language)} {visit.is_form_answer} {sent} {body!r}"
    )
    seen = Cookie(key="baru", value="2")
    return Response(told.encode(), media_type="text/html", headers={"X-Mark": "m"}, cookies=[seen])


@get("/lewat")
async def through() -> Response[bytes]:
    return lead_to("/halaman/akhir?n=1", Cookie(key="lewat", value="ya"))


@get("/putar")
async def around() -> Response[bytes]:
    return lead_to("/putar")


@get("/penuh")
async def full() -> Response[bytes]:
    return Response(b"later", status_code=503, media_type="text/plain", headers={"Retry-After": "9"})


@get("/gagal")
async def failing() -> Response[bytes]:
    raise LookupError("x")


HANDLERS = [send_on, page, through, around, full, failing]


def send(target: str, *, straight: bool = True, cookies: str = "lama=1; tetap=2") -> Answer:
    """Sends the form that leads to `target`."""

    def answer_error(request: WebRequest, error: Exception) -> Response[bytes]:
        visit_of(request.scope).has_failed = True
        return Response(b"error", status_code=500, media_type="text/plain")

    litestar = Litestar(
        HANDLERS, exception_handlers={Exception: answer_error}, openapi_config=None, logging_config=None
    )
    routes = PageAfterForm(litestar)
    address = f"/kirim?ke={quote(target)}"
    headers = {"cookie": cookies, "content-type": "text/plain"}
    visit = Visit("id", "/kirim", "", takes_next_page=straight)
    return asyncio.run(ask(routes, address, method="POST", headers=headers, body=b"rahasia", visit=visit))


def test_the_answer_is_the_page_with_its_address_and_the_cookies_of_both() -> None:
    answer = send("/halaman/satu?meterai=2")
    assert answer.status == 200
    assert answer.headers["content-location"] == "/halaman/satu?meterai=2"
    assert answer.headers["x-mark"] == "m"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.text == "GET satu 2 /halaman/satu?meterai=2 True baru=1&tetap=2 b''"
    assert [SimpleCookie(cookie)["baru"].value for cookie in answer.cookies if cookie.startswith("baru")] == [
        "2"
    ]
    assert any(cookie.startswith("lama=;") or "Max-Age=0" in cookie for cookie in answer.cookies)


def test_a_form_without_the_mark_is_answered_with_the_way() -> None:
    answer = send("/halaman/satu", straight=False)
    assert (answer.status, answer.headers["location"], answer.text) == (303, "/halaman/satu", "")


def test_a_page_in_english_is_made_in_english() -> None:
    answer = send("/en/halaman/satu")
    assert answer.headers["content-location"] == "/en/halaman/satu"
    assert " /en/halaman/satu True " in answer.text


def test_a_way_over_another_page_is_gone_to_its_end() -> None:
    answer = send("/lewat")
    assert (answer.status, answer.headers["content-location"]) == (200, "/halaman/akhir?n=1")
    assert "lewat=ya" in answer.text
    assert {cookie.partition("=")[0] for cookie in answer.cookies} == {"baru", "lama", "lewat"}


def test_a_page_that_says_later_says_it_at_once() -> None:
    answer = send("/penuh")
    assert (answer.status, answer.text, answer.headers["content-location"]) == (503, "later", "/penuh")
    assert answer.headers["retry-after"] == "9"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "target",
    [
        "/gagal", "/putar", "/tidak/ada", "/halaman/satu#isi", "/halaman/dua%2Ftiga",
        "//lain.contoh/halaman/satu", "http://antre.contoh/halaman/satu",
    ],
)  # fmt: skip
def test_where_no_page_comes_of_it_the_browser_goes_there_itself(target: str) -> None:
    answer = send(target)
    assert (answer.status, answer.text) == (303, "")
    assert "content-location" not in answer.headers
    assert len(answer.cookies) == 2, "those that the form's own answer sets, and no others"
