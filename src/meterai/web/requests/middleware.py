"""The outermost layer of the site: language prefix, help code, safety headers, static files, cached pages.

Pages that are the same for everyone never reach a route: they are rendered and compressed once.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote

from meterai.jail.queueing.callers import set_caller
from meterai.kit.http.body_budget import give_back
from meterai.kit.http.host_cookies import host_cookies, plain_cookies
from meterai.kit.http.safety_headers import Headers, safety_headers
from meterai.kit.http.strict_transport import Reach
from meterai.texts.mechanism.languages import split_language
from meterai.web.pages.assets import Assets
from meterai.web.pages.cached_pages import CachedPage, CachedPages
from meterai.web.requests.callers import caller_of_request
from meterai.web.requests.visits import Visit, attach

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
PACK_FROM_BYTES = 1000
PAGE_KEPT_S = 5
"""How long a browser or a proxy keeps a cached page without asking again: news reach people in ten
seconds."""
_GZIP, _SMALL = 16 + 12, 5
"""zlib's window bits for the gzip format (RFC 1952) with a window of 4 kB, and its memory level.

Pages have 10 kB. Setting up the usual 270 kB of memory takes longer than compressing them; this takes a third
less time and makes them 1 % larger.
"""
_PACKABLE = (b"text/", b"application/json", b"image/svg+xml")

type MakePages = Callable[[], tuple[CachedPages, float]]  # the pages, and the Unix time until which they hold
type HasPage = Callable[[str], bool]  # whether there is a page at an address without language prefix
type LinePages = Callable[[], Awaitable[CachedPages]]  # the pages that read otherwise while people wait
type ReadLatest = Callable[[], Awaitable[object]]  # the same object as before, unless something changed


async def _no_line_pages() -> CachedPages:
    return {}


async def _nothing() -> None:
    return None


def _no_page(path: str) -> bool:
    return False


class SiteMiddleware:
    """The ASGI application that uvicorn runs. `site` answers everything that is not cached.

    `has_page` tells which addresses lead to a page of `site`. `line_pages` gives the pages that say where
    people wait in line. The cached pages are made again when `made_from` gives something else. `read_latest`
    brings what pages say of news, prices and events up to date; when it has changed they are made again, too.
    """

    def __init__(
        self,
        site: ASGIApp,
        assets: Assets,
        make_pages: MakePages,
        *,
        tls: bool,
        hsts: Reach = "host",
        forms_lead_to: str = "",
        has_page: HasPage = _no_page,
        line_pages: LinePages = _no_line_pages,
        made_from: Callable[[], object] = lambda: None,
        read_latest: ReadLatest = _nothing,
    ) -> None:
        self.site = site
        self.has_page = has_page
        self.line_pages = line_pages
        self.assets = assets
        self.make_pages = make_pages
        self.made_from = made_from
        self.read_latest = read_latest
        self.latest: object = None
        self._renew()
        self.tls = tls
        self.safety = safety_headers(tls=tls, hsts=hsts, forms_lead_to=forms_lead_to)
        self.reader_safety = safety_headers(tls=tls, hsts=hsts, reads_codes=True)

    def _renew(self) -> None:
        self.made_at, self.source = time.time(), self.made_from()
        self.pages, self.renew_at = self.make_pages()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.site(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if method in ("GET", "HEAD") and path.startswith("/aset/"):
            await self._send_asset(scope, send)
            return
        if not path.startswith("/api/"):
            latest = await self.read_latest()
            is_other, self.latest = latest is not self.latest, latest
            if is_other:
                self._renew()
        if method in ("GET", "HEAD"):
            is_due = not self.made_at <= time.time() < self.renew_at  # earlier: the clock was set right since
            if is_due or self.made_from() is not self.source:
                self._renew()
            address = split_language(path)
            page = self.pages.get(address)
            if page is not None:
                if page.names_lines:
                    page = (await self.line_pages()).get(address, page)
                await self._send_page(page, scope, send)
                return
            if path.endswith("/") and (target := self._without_slash(path)):
                await self._send_on(target, scope, send)
                return
        await self._pass_on(scope, receive, send)

    def _without_slash(self, path: str) -> str:
        """The address of the page that `path` means, which ends with a slash; empty when there is none.

        An address that begins with `//` would lead to another site.
        """
        shorter = path.rstrip("/") or "/"
        if shorter == path or shorter.startswith("//"):
            return ""
        language, page = split_language(shorter)
        if (language, page) in self.pages or (not page.startswith("/api/") and self.has_page(page)):
            return quote(shorter)
        return ""

    async def _send_on(self, target: str, scope: Scope, send: Send) -> None:
        query: bytes = scope.get("query_string", b"")
        location = target.encode() + (b"?" + query if query else b"")
        # an address may hold a secret, so it is kept nowhere
        headers = [*self.safety, (b"location", location), (b"cache-control", b"no-store")]
        await _answer(scope, send, 301, headers, b"")

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        language, path = split_language(scope["path"])
        query = scope.get("query_string", b"").decode("latin-1")
        sent = _cookies_in(scope["headers"]) if self.tls else None
        finisher = _Finisher(
            send,
            self.safety,
            language.encode(),
            packs=_accepts_gzip(scope["headers"]),
            silent=scope["method"] == "HEAD",
            sent=sent,
        )
        # A copy: by its own the server knows that an answer to HEAD has no body. Routes answer GET.
        passed = {**scope, "path": path, "raw_path": path.encode()}
        if sent:
            others = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
            passed["headers"] = [*others, (b"cookie", plain_cookies(sent, time.time()))]
        passed["method"] = "GET" if finisher.silent else scope["method"]
        attach(passed, Visit(language, path, query))
        set_caller(caller_of_request(passed))
        await self.site(passed, receive, finisher.send)

    async def _send_asset(self, scope: Scope, send: Send) -> None:
        kept = b"public, max-age=31536000, immutable"
        asset = self.assets.by_address.get(scope["path"])
        if asset is None:
            kept = b"public, max-age=60"
            asset = self.assets.of_another_release(scope["path"])
        if asset is None:
            await _answer(scope, send, 404, [*self.safety, (b"content-type", b"text/plain")], b"")
            return
        packs = _accepts_gzip(scope["headers"])
        headers = [
            *self.safety,
            (b"content-type", asset.content_type.encode()),
            (b"cache-control", kept),
            (b"vary", b"accept-encoding"),
        ]
        if packs:
            headers.append((b"content-encoding", b"gzip"))
        await _answer(scope, send, 200, headers, asset.packed if packs else asset.plain)

    async def _send_page(self, page: CachedPage, scope: Scope, send: Send) -> None:
        headers = [
            *(self.reader_safety if page.reads_codes else self.safety),
            (b"content-type", page.content_type),
            (b"content-language", split_language(scope["path"])[0].encode()),
            (b"cache-control", b"public, max-age=%d" % PAGE_KEPT_S),
            (b"vary", b"accept-encoding"),
            (b"etag", page.etag),
        ]
        if _header(scope["headers"], b"if-none-match") == page.etag:
            await _answer(scope, send, 304, headers, b"")
            return
        packs = _accepts_gzip(scope["headers"])
        if packs:
            headers.append((b"content-encoding", b"gzip"))
        await _answer(scope, send, 200, headers, page.packed if packs else page.plain)


class _Finisher:
    """Adds the safety headers to an answer, and compresses text that comes in one piece.

    `sent`: the cookies of a request that came by HTTPS; those of the answer get their names there.
    """

    def __init__(
        self,
        send: Send,
        safety: Headers,
        language: bytes,
        *,
        packs: bool,
        silent: bool,
        sent: bytes | None,
    ) -> None:
        self.silent = silent
        self._sent = sent
        self._send = send
        self._safety = safety
        self._language = language
        self._packs = packs
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            give_back(asyncio.current_task())
            return
        if self._start is not None:
            start, self._start = self._start, None
            headers: Headers = [(bytes(k).lower(), bytes(v)) for k, v in start["headers"]]
            body = message.get("body", b"")
            whole = not message.get("more_body", False)
            names = {name for name, _ in headers}
            kind = _header(headers, b"content-type")
            if self._packs and whole and len(body) >= PACK_FROM_BYTES and kind.startswith(_PACKABLE):
                packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP, _SMALL)
                body = packer.compress(body) + packer.flush()
                headers = [(k, v) for k, v in headers if k != b"content-length"]
                headers += [(b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(body))]
                message = {"type": "http.response.body", "body": body, "more_body": False}
            if self._sent is not None and b"set-cookie" in names:
                headers = _with_host_cookies(headers, self._sent)
            headers += [pair for pair in self._safety if pair[0] not in names]
            headers.append((b"vary", b"accept-encoding, cookie"))
            if b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            if kind.startswith(b"text/html"):
                headers.append((b"content-language", self._language))
            await self._send({**start, "headers": headers})
        if self.silent:
            message = {**message, "body": b""}
        await self._send(message)


async def _answer(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    content = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")


def _cookies_in(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"; ".join(value for name, value in headers if name == b"cookie")


def _with_host_cookies(headers: Headers, sent: bytes) -> Headers:
    kept = [pair for pair in headers if pair[0] != b"set-cookie"]
    wanted = [value for name, value in headers if name == b"set-cookie"]
    return kept + [(b"set-cookie", one) for each in wanted for one in host_cookies(each, sent)]


def _accepts_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return b"gzip" in _header(headers, b"accept-encoding")
