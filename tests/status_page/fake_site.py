"""A small site with the forms of the real one, which fails where a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.ports import free_port

SECRET = "s" * 40
NUMBER = "M7KQ-3XPD-92RT"
_ORDER = f"/pesanan/{NUMBER}"

type Failing = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeSite:
    """`failing`: what answers instead, by method and path. `moves`: no payment or stamp moves when false."""

    port: int = field(default_factory=free_port)
    failing: dict[str, Failing] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=lambda: {"open_order": None, "wait_s": 0})
    state: str = "draft"
    charged: bool = True
    settles: bool = True
    stamps: bool = True
    verdict: str = "ASLI"
    asked: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    with_secret: list[str] = field(default_factory=list)
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    """The fields of forms, by path."""
    uploaded: bytes = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeSite]:
        application = web.Application(client_max_size=8 << 20)
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        what = f"{request.method} {request.path}"
        self.asked.append(what)
        if "Authorization" in request.headers:
            self.with_secret.append(what)
        if what in self.failing:
            return await self.failing[what](request)
        if request.method == "POST" and request.path != "/uji":
            form = await request.post()
            self.sent[request.path] = {name: v for name, v in form.items() if isinstance(v, str)}
            file = next((v for v in form.values() if isinstance(v, web.FileField)), None)
            self.uploaded = file.file.read() if file else self.uploaded
        return self._page(request, what)

    def _page(self, request: web.Request, what: str) -> web.StreamResponse:
        match what:
            case "POST /uji":
                assert request.headers["Authorization"] == f"Bearer {SECRET}"
                answer = web.json_response(self.told)
                answer.set_cookie("masuk", "session")
                return answer
            case "GET /beli":
                assert request.cookies["masuk"] == "session"
                return _html(
                    '<form method="get" action="/cari"><input name="kiriman"></form>'
                    '<form method="post" action="/beli" enctype="multipart/form-data">'
                    '<input type="hidden" name="bukti_formulir" value="a&amp;b">'
                    '<input type="hidden" name="kiriman" value="k1"><input type="file" name="berkas">'
                    '<input name="dari" form="lain" value="2"><button name="lain" value="1">x</button></form>'
                )
            case "POST /beli":
                raise web.HTTPSeeOther(f"{_ORDER}/letak/1")
            case "GET /pesanan/M7KQ-3XPD-92RT/letak/1":
                return _html(
                    f'<form method="post" action="{_ORDER}/letak/1"><input name="halaman" value="1">'
                    '<input type="radio" name="letak" value="usulan" checked>'
                    '<input type="radio" name="letak" value="kiri">'
                    '<textarea name="catatan"></textarea></form>'
                )
            case "POST /pesanan/M7KQ-3XPD-92RT/letak/1":
                raise web.HTTPSeeOther(f"{_ORDER}/bayar")
            case "GET /pesanan/M7KQ-3XPD-92RT/bayar":
                return _html(
                    f'<form method="post" action="{_ORDER}/bayar">'
                    '<input type="radio" name="cara" value="qris" checked>'
                    '<input type="radio" name="cara" value="va_bni" disabled>'
                    '<select name="bank"><option value="a"><option value="b" selected></select></form>'
                )
            case "POST /pesanan/M7KQ-3XPD-92RT/bayar":
                self.state = "awaiting_payment"
                raise web.HTTPSeeOther(_ORDER)
            case "POST /pesanan/M7KQ-3XPD-92RT/batal":
                self.state = "cancelled"
                raise web.HTTPSeeOther(_ORDER)
            case "GET /pesanan/M7KQ-3XPD-92RT" | "GET /pesanan/M7KQ-3XPD-92RT/keadaan":
                return self._order()
            case "GET /pay/1":
                return _html('<form method="post"><button name="pay" value="1">Bayar</button></form>')
            case "POST /pay/1":
                self.state = "paid" if self.settles else self.state
                raise web.HTTPSeeOther("/pay/1")
            case "GET /pesanan/M7KQ-3XPD-92RT/unduh/1":
                return web.Response(body=b"%PDF-1.7 stamped", content_type="application/pdf")
            case "GET /periksa":
                return _html(
                    '<form method="post" action="/periksa" enctype="multipart/form-data">'
                    '<input type="file" name="berkas"></form>'
                )
            case "POST /periksa":
                return _html(f'<div data-verdict="{self.verdict}"></div>')
        return _html("beranda")

    def _order(self) -> web.Response:
        shown = '<p class="small soft reference">x</p>' if self.charged else ""
        shown += f'<a href="{self.url}/pay/1">Bayar</a><form method="post" action="{_ORDER}/batal"></form>'
        page = f'<section data-state="{self.state}">{shown}</section>'
        if self.state == "paid" and self.stamps:
            self.state = "completed"
        return _html(page)


def answers(status: int = 200, body: bytes = b"") -> Failing:
    """What answers so."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="text/html")

    return answer


def leads_to(address: str) -> Failing:
    """What sends people there."""

    async def answer(_: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther(address)

    return answer


async def hangs(_: web.Request) -> web.StreamResponse:
    """Answers too late."""
    await asyncio.sleep(3)
    return web.Response()


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Ends the connection in the middle of an answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"<form")
    assert request.transport is not None
    request.transport.close()
    return response


def _html(body: str) -> web.Response:
    return web.Response(text=f"<!doctype html><main>{body}</main>", content_type="text/html")
