"""The middleware of the site: languages by prefix, cached pages, HEAD, compression, headers."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from typing import Any

import pytest
import uvicorn

from meterai.kit.settings import Settings
from meterai.processes.site import server_config
from meterai.texts.mechanism.languages import split_language
from meterai.web.pages.assets import Assets
from meterai.web.pages.cached_pages import CachedPages, cache_page
from meterai.web.requests.middleware import SiteMiddleware
from meterai.web.requests.visits import visit_of
from tests.web.asking import ask


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """Stands for the routes: it answers with what it was asked."""
    visit = visit_of(scope)
    body = f"{scope['method']} {visit.language} {visit.path} {visit.here('en')} {'x' * 2000}".encode()
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def site() -> SiteMiddleware:
    return SiteMiddleware(
        inner,
        Assets(),
        lambda: ({("en", "/harga"): cache_page(b"<p>Price")}, float("inf")),
        tls=True,
        has_page=lambda path: path in ("/", "/beli") or path.startswith(("/p/", "/api/", "//")),
    )


async def test_the_language_prefix_is_taken_off_and_told(site: SiteMiddleware) -> None:
    assert (await ask(site, "/en/beli?a=1")).body.startswith(b"GET en /beli /en/beli?a=1")
    assert (await ask(site, "/beli")).body.startswith(b"GET id /beli")
    assert (await ask(site, "/en")).body.startswith(b"GET en / ")
    assert split_language("/english") == ("id", "/english")
    assert split_language("/en//evil.example") == ("id", "/en//evil.example"), "no link leads off the site"


async def test_a_cached_page_is_answered_without_the_routes_and_again_by_its_name(
    site: SiteMiddleware,
) -> None:
    first = await ask(site, "/en/harga", headers={"accept-encoding": "gzip"})
    assert gzip.decompress(first.body) == b"<p>Price"
    again = await ask(site, "/en/harga", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_pages_of_a_clock_that_was_ahead_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that had closed by that clock is open by the right one."""
    now, closes_at = 1_000.0, 2_000.0
    monkeypatch.setattr(time, "time", lambda: now)

    def make_pages() -> tuple[CachedPages, float]:
        is_open = now < closes_at
        page = cache_page(b"open" if is_open else b"closed")
        return {("id", "/casn"): page}, closes_at if is_open else float("inf")

    site = SiteMiddleware(inner, Assets(), make_pages, tls=False)
    for moment, said in ((1_000.0, b"open"), (9_000.0, b"closed"), (1_001.0, b"open"), (2_000.0, b"closed")):
        now = moment
        assert (await ask(site, "/casn")).body == said


async def test_head_gives_the_headers_of_get_and_no_body(site: SiteMiddleware) -> None:
    for path in ("/beli", "/en/harga"):
        answer = await ask(site, path, method="HEAD")
        assert answer.status == 200
        assert answer.body == b""
        assert int(answer.headers["content-length"]) > 0


async def test_a_connection_goes_on_after_a_head(site: SiteMiddleware) -> None:
    """Checked with a real server, which uses its own scope."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(server_config(Settings(), site))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        for method, path in (("HEAD", "/en/beli"), ("HEAD", "/en/harga"), ("GET", "/en/harga")):
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            async with asyncio.timeout(5):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(8) == b"<p>Price"
        writer.close()
        server.should_exit = True
        await serving


async def test_long_text_is_packed_for_whoever_takes_it(site: SiteMiddleware) -> None:
    packed = await ask(site, "/beli", headers={"accept-encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(packed.body)
    assert gzip.decompress(packed.body).startswith(b"GET id /beli")
    plain = await ask(site, "/beli")
    assert "content-encoding" not in plain.headers


async def test_hsts_is_sent_only_over_tls(site: SiteMiddleware) -> None:
    assert "strict-transport-security" in (await ask(site, "/beli")).headers
    bare = SiteMiddleware(inner, Assets(), lambda: ({}, float("inf")), tls=False)
    assert "strict-transport-security" not in (await ask(bare, "/beli")).headers


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/beli/", "/beli"),
        ("/en/beli//?acara=casn&a=%2F", "/en/beli?acara=casn&a=%2F"),
        ("/en/harga/", "/en/harga"),
        ("/en//", "/en"),
        ("/p/%0D%0Aa%3Fb%5C/", "/p/%0D%0Aa%3Fb%5C"),
    ],
)
async def test_an_address_with_a_slash_too_many_leads_to_the_page(
    site: SiteMiddleware, address: str, page: str
) -> None:
    for method in ("GET", "HEAD"):
        answer = await ask(site, address, method=method)
        assert (answer.status, answer.headers["location"]) == (301, page)
        assert answer.headers["cache-control"] == "no-store", "there may be a secret in it"
        assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "address",
    ["/", "/tidak-ada/", "/api/v1/serials/x/", "//evil.example/", "/en//evil.example/", "/%5Cevil.example/"],
)
async def test_no_slash_leads_to_where_no_page_is_nor_off_the_site(
    site: SiteMiddleware, address: str
) -> None:
    answer = await ask(site, f"http://localhost{address}")
    assert answer.status == 200
    assert "location" not in answer.headers
    assert (await ask(site, "/beli/", method="POST")).status == 200, "a form's content would be lost"


async def test_pages_are_made_anew_when_an_event_opens_or_closes() -> None:
    made: list[int] = []

    def make() -> tuple[CachedPages, float]:
        made.append(1)
        page = cache_page(f"<p>{len(made)}".encode())
        return {("id", "/"): page}, 0.0 if len(made) == 1 else float("inf")

    site = SiteMiddleware(inner, Assets(), make, tls=False)
    assert (await ask(site, "/")).body == b"<p>2"
    assert (await ask(site, "/")).body == b"<p>2"


async def test_an_unknown_static_file_is_not_found(site: SiteMiddleware) -> None:
    assert (await ask(site, "/aset/../pages.py")).status == 404


async def test_a_page_of_another_release_gets_its_style_as_it_is_now_and_keeps_it_under_no_wrong_name(
    site: SiteMiddleware,
) -> None:
    now = await ask(site, site.assets.address("site.css"))
    assert "immutable" in now.headers["cache-control"]
    older = await ask(site, "/aset/site.0123456789ab.css")
    assert (older.status, older.headers["cache-control"]) == (200, "public, max-age=60")
    assert (older.body, older.headers["content-type"]) == (now.body, "text/css; charset=utf-8")
    for strange in ("site.css", "site.0123456789ab.js.css", "pages.0123456789ab.py", "site.0123456789AB.css"):
        assert (await ask(site, f"/aset/{strange}")).status == 404
