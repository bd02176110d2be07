"""Answers a form with the page that follows it, instead of a redirect to that page (decision 0022)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from meterai.texts.mechanism.languages import split_language
from meterai.web.requests.visits import Visit, attach, visit_of

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

_REDIRECTS_MAX = 3
_OF_FORM = (b"cookie", b"content-type", b"content-length", b"transfer-encoding")


class PageAfterForm:
    """ASGI middleware around the routes.

    It acts when a form's visit `takes_next_page` and the answer is a redirect (303).
    """

    def __init__(self, site: ASGIApp) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._site(scope, receive, send)
            return
        form = dict(scope)  # as it was before the router added to it
        answer = _FormAnswer(visit_of(scope), send)
        await self._site(scope, receive, answer.send)
        if answer.redirect.status:
            page = await self._page_after(form, answer.redirect)
            await (page or answer.redirect).send_to(send)

    async def _page_after(self, form: Scope, redirect: _Answer) -> _Answer | None:
        """Makes the page to which the answer to a form leads.

        None when the browser must go there itself: the page is not one of our routes, or making it failed.
        """
        cookies: dict[str, bytes] = {}
        for _ in range(_REDIRECTS_MAX):
            cookies |= redirect.cookies()
            target = redirect.header(b"location").decode("latin-1")
            scope = _scope_of(form, target, cookies.values())
            if scope is None:
                return None
            page = _Answer()
            await self._site(scope, _empty_body, page.take)
            if visit_of(scope).has_failed:
                return None
            if page.status != 303:
                return page.with_location(target, cookies | page.cookies())
            redirect = page
        return None


@dataclass(slots=True)
class _Answer:
    """A whole answer of the site."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Any) -> None:
        """Keeps an ASGI message of the answer."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def send_to(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key == name), b"")

    def cookies(self) -> dict[str, bytes]:
        """The values of its Set-Cookie headers, by the cookie's name."""
        values = [value for key, value in self.headers if key == b"set-cookie"]
        return {value.partition(b"=")[0].decode("latin-1"): value for value in values}

    def with_location(self, location: str, cookies: dict[str, bytes]) -> _Answer:
        """The same page with its own address (Content-Location, RFC 9110 section 8.7) and these cookies."""
        headers = [pair for pair in self.headers if pair[0] != b"set-cookie"]
        headers.append((b"content-location", location.encode("latin-1")))
        headers += [(b"set-cookie", value) for value in cookies.values()]
        return _Answer(self.status, headers, self.body)


class _FormAnswer:
    """Passes the answer to a form on. It keeps a redirect that a page may replace."""

    def __init__(self, visit: Visit, send: Send) -> None:
        self.redirect = _Answer()
        self._visit = visit
        self._send = send

    async def send(self, message: Any) -> None:
        is_start = message["type"] == "http.response.start"
        if self.redirect.status or (is_start and message["status"] == 303 and self._visit.takes_next_page):
            await self.redirect.take(message)
        else:
            await self._send(message)


def _scope_of(form: Scope, target: str, set_cookies: Iterable[bytes]) -> Scope | None:
    """The request that a browser would make for `target`, with the cookies that were just set. None: not
    ours.
    """
    path, _, query = target.partition("?")
    if not path.startswith("/") or path.startswith("//") or "#" in target or "%" in path:
        return None
    language, path = split_language(path)
    headers = [pair for pair in form["headers"] if pair[0] not in _OF_FORM]
    headers.append((b"cookie", _cookies_after(form["headers"], set_cookies).encode("latin-1")))
    scope = {
        **form,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "state": {},
    }
    at_hand = visit_of(form).at_hand
    attach(scope, Visit(language, path, query, is_form_answer=True, is_after_form=True, at_hand=at_hand))
    return scope


def _cookies_after(headers: Iterable[tuple[bytes, bytes]], set_cookies: Iterable[bytes]) -> str:
    """The Cookie header that a browser sends after these Set-Cookie headers (RFC 6265)."""
    sent = b"; ".join(value for name, value in headers if name == b"cookie").decode("latin-1")
    kept = dict(pair.strip().split("=", 1) for pair in sent.split(";") if "=" in pair)
    for header in set_cookies:
        for name, cookie in SimpleCookie(header.decode("latin-1")).items():
            kept[name] = cookie.coded_value
            if cookie["max-age"] == "0":
                del kept[name]
    return "; ".join(f"{name}={value}" for name, value in kept.items())


async def _empty_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
