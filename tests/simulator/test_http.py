"""The crowd's browser over real sockets: what it keeps, where it goes, what it does when it is failed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from simulator.crowd.browser import Browser, ConnectionLost, Elsewhere
from simulator.crowd.forms import form_with
from simulator.rehearsal.patience import PatientBrowser
from tests.ports import free_port
from tests.sandbox.twins import served

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def site(**handlers: Handler) -> AsyncIterator[Browser]:
    """A browser at a site with these pages, each by its name, for GET and POST."""
    application = web.Application()
    for name, handler in handlers.items():
        application.router.add_route("*", f"/{name}", handler)
    async with served(application, free_port()) as address:
        browser = Browser(address)
        yield browser
        browser.close()


async def peer(request: web.Request) -> web.Response:
    assert request.transport is not None
    return web.Response(text=str(request.transport.get_extra_info("peername")[1]))


async def test_one_connection_serves_a_person_and_several_serve_a_crowd() -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return await peer(request)

    async with site(peer=peer, slow=slow) as browser:
        assert len({(await browser.get("/peer")).text for _ in range(3)}) == 1
        ports = await asyncio.gather(*[browser.fetch("/slow") for _ in range(3)])
        assert len({answer.text for answer in ports}) == 3


async def test_a_form_is_answered_with_a_page_and_cookies_are_sent_until_they_end() -> None:
    async def form(request: web.Request) -> web.Response:
        assert (await request.post())["nama"] == "Siti & Budi"
        there = web.Response(status=303, headers={"Location": "/page?a=1#end"})
        there.set_cookie("one", "1")
        there.set_cookie("two", "2")
        return there

    async def page(request: web.Request) -> web.Response:
        seen = web.Response(text=f"{request.method} {request.path_qs} {sorted(request.cookies)}")
        seen.del_cookie("one")
        return seen

    async with site(form=form, page=page) as browser:
        answer = await browser.post("/form", {"nama": "Siti & Budi"})
        assert answer.text == "GET /page?a=1 ['one', 'two']"
        assert browser.url.endswith("/page?a=1#end")
        assert (await browser.fetch("/page")).text == "GET /page ['two']"
        assert browser.url.endswith("/page?a=1#end"), "what a script fetches is no page"


async def test_what_is_known_is_not_sent_again() -> None:
    async def page(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"first"':
            return web.Response(status=304)
        return web.Response(text="second", headers={"ETag": '"second"'})

    async with site(page=page) as browser:
        assert (await browser.fetch("/page", known="first")).status == 304
        assert (await browser.fetch("/page", known="older")).text == "second"
        assert (await browser.fetch("/page")).text == "second"


async def test_packed_and_chunked_answers_are_read() -> None:
    async def packed(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for at in range(0, len(whole), 10_000):
            await answer.write(whole[at : at + 10_000])
        return answer

    whole = gzip.compress(bytes(range(256)) * 1_000, 0)
    async with site(packed=packed) as browser:
        assert (await browser.get("/packed")).body == bytes(range(256)) * 1_000


async def test_a_server_that_is_slow_or_hangs_up_is_told_apart() -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async def gone(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with site(silent=silent, gone=gone, peer=peer) as browser:
        browser.timeout_seconds = 0.2
        first = (await browser.get("/peer")).text
        with pytest.raises(TimeoutError, match=r"^no answer within 0\.2 s$"):
            await browser.get("/silent")
        with pytest.raises(ConnectionLost):
            await browser.post("/gone", {})
        assert (await browser.get("/peer")).text != first


async def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    port = free_port()
    application = web.Application()
    application.router.add_get("/peer", peer)
    async with served(application, port) as address:
        browser = Browser(address)
        first = (await browser.get("/peer")).text
    async with served(web.Application(), port):
        assert (await browser.get("/peer")).status == 404
    async with served(web.Application(), port):
        assert (await browser.post("/peer", {})).status == 404, "a form goes by a new connection, too"
    browser.close()
    assert first


async def test_load_goes_to_this_machine_only() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await Browser("http://192.0.2.1:80").get("/")


def test_every_kind_of_field_is_sent_as_a_browser_sends_it() -> None:
    form = form_with(
        """<form action='/beli?a=1&amp;b=2' method=POST enctype="multipart/form-data">
        <input type="hidden" name="bukti" value="x > y &quot;z&quot;"><input name=nama required>
        <input type="radio" name="cara" value="qris" checked> <input type="radio" name="cara" value="va">
        <input type="checkbox" name="setuju"><input type="file" name="kiriman" accept=".pdf">
        <select name="ukuran"><option value="s">S</option><option value="m" selected>M</option></select>
        <select name="warna"><option value="a">A</option><option value="b">B</option></select>
        <textarea name="pesan">
a &amp; b</textarea><button name="lanjut" value="1">Lanjut</button></form>""",
        "cara",
    )
    assert (form.action, form.method) == ("/beli?a=1&b=2", "post")
    assert form.fields == {
        "bukti": 'x > y "z"', "nama": "", "cara": "qris", "ukuran": "m", "warna": "a", "pesan": "a & b",
    }  # fmt: skip
    assert form.files == ["kiriman"]
    assert form.options["cara"] == ["qris", "va"]
    assert form.options["setuju"] == ["on"]
    assert form.buttons == [("lanjut", "1")]


@pytest.mark.parametrize(
    ("status", "words", "times"),
    [
        (500, "", 2),
        (503, "<h1>Ada gangguan di pihak kami.</h1>", 2),
        (503, "<h1>Pembayaran sedang terganggu.</h1>", 1),
        (409, "", 1),
    ],
)
async def test_a_patient_browser_loads_an_outage_s_page_again_and_reads_what_others_say(
    status: int, words: str, times: int
) -> None:
    asked = 0

    async def page(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(text="here") if asked > 1 else web.Response(status=status, text=words)

    async with site(page=page) as plain:
        patient = PatientBrowser(plain.base, patience_seconds=20)
        answer = await patient.get("/page")
        patient.close()
    assert (asked, answer.text) == (times, "here" if times > 1 else words)


async def test_it_reaches_this_machine_by_either_protocol_and_no_other() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    try:
        listening = await asyncio.start_server(answer, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with listening as server:
        browser = Browser(f"http://[::1]:{server.sockets[0].getsockname()[1]}")
        assert (await browser.get("/")).text == "ok"
        browser.close()
    for elsewhere in ("https://localhost:1", "http://192.0.2.7:1", "https://meterai.example.go.id"):
        with pytest.raises(Elsewhere, match=elsewhere):
            await Browser(elsewhere).get("/")
