"""Calls the pages' routes without Litestar's machinery, which costs more than most pages (decision 0010).

Routes are declared as always, those of the API too. What this table does not know (an address or method of
no route, a stream) goes to Litestar, which answers or refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from meterai.web.requests.cookies import PageRequest, cookie_header
from meterai.web.requests.visits import Visit, attach, split_language, visit_of

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type ReadParameter = Callable[[str], Any]
type Answering = Callable[[Request[Any, Any, Any], Exception], Response[Any]]

_WHOLE = "Response[bytes]"
"""What a handler returns that has its whole answer ready; streams are Litestar's."""
_READERS: dict[str, ReadParameter] = {"str": str, "int": int, "uuid": UUID}
_HOPS_MAX = 3
_OF_BODY = (b"cookie", b"content-type", b"content-length")


@dataclass(frozen=True, slots=True)
class _Route:
    """A handler at one address."""

    template: str
    fixed: Sequence[tuple[int, str]]
    """Segments that are the same in every address, by position."""
    parameters: Sequence[tuple[int, str, ReadParameter]]
    given: Mapping[str, Any]
    takes_request: bool
    handler: HTTPRouteHandler

    def arguments(self, segments: Sequence[str]) -> dict[str, Any] | None:
        """What the handler is called with; None when it does not stand at this address."""
        for position, text in self.fixed:
            if segments[position] != text:
                return None
        arguments = dict(self.given)
        try:
            for position, name, read in self.parameters:
                arguments[name] = read(segments[position])
        except ValueError:
            return None
        return arguments


class DirectRoutes:
    """An ASGI application: the routes of pages and API, and `litestar` for everything else.

    `given`: what handlers get by the name of their parameter, besides the request and parts of the address.
    `answer_error`: the page for a handler's exception.
    """

    def __init__(
        self,
        litestar: Litestar,
        handlers: Iterable[HTTPRouteHandler],
        *,
        given: Mapping[str, Any],
        answer_error: Answering,
    ) -> None:
        self._litestar = litestar
        self._answer_error = answer_error
        self._routes: dict[tuple[str, int], list[_Route]] = defaultdict(list)
        self._literal: set[str] = set()
        for handler in handlers:
            if handler.fn.__annotations__["return"] == _WHOLE:
                for path in handler.paths:
                    self._add(_route(path, handler, given))

    def _add(self, route: _Route) -> None:
        for method in route.handler.http_methods:
            rivals = self._routes[method, route.template.count("/")]
            rivals.append(route)
            rivals.sort(key=lambda rival: len(rival.parameters))  # /saya/masuk before /{slug}/masuk
        if not route.parameters:
            self._literal.add(route.template)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["method"], scope["path"])
        if found is None:
            await self._litestar(scope, receive, send)
            return
        route, arguments = found
        request = self._ask(route, arguments, scope, receive, send)
        try:
            response = await route.handler.fn(**arguments)
        except Exception as error:
            response = self._answer_error(request, error)
        if response.status_code == 303 and visit_of(scope).is_straight:
            response = await self._page_behind(request, response, send) or response
        await _send(response, send, response.status_code or route.handler.status_code)

    def has_page(self, path: str, events: Collection[str]) -> bool:
        """Whether there is a page at an address. `events`: those that have doors."""
        found = self._find("GET", path)
        return found is not None and ("slug" not in found[1] or found[1]["slug"] in events)

    def page_of(self, path: str, events: Collection[str]) -> str:
        """The page that a form's address belongs to: its own, or the nearest above it; empty when none."""
        while path and not self.has_page(path, events):
            path = path.rpartition("/")[0]
        return path

    def _find(self, method: str, path: str) -> tuple[_Route, dict[str, Any]] | None:
        """The route of an address and how its handler is called. /saya/masuk, which takes forms alone, is
        no page /{slug}/masuk."""
        segments, is_literal = path.split("/"), path in self._literal
        for route in self._routes.get((method, len(segments) - 1), ()):
            if is_literal and route.parameters:
                break
            arguments = route.arguments(segments)
            if arguments is not None:
                return route, arguments
        return None

    def _ask(
        self, route: _Route, arguments: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> PageRequest:
        scope |= {
            "litestar_app": self._litestar,
            "route_handler": route.handler,
            "path_template": route.template,
        }
        request = PageRequest(scope, receive, send)
        if route.takes_request:
            arguments["request"] = request
        return request

    async def _page_behind(
        self, form: PageRequest, redirect: Response[Any], send: Send
    ) -> Response[Any] | None:
        """The page to which the answer to a form sends, made at once (decision 0022).

        None when the browser must go there itself: the page is none of these routes', or making it failed.
        """
        given: dict[str, Cookie] = {}
        for _ in range(_HOPS_MAX):
            given |= {cookie.key: cookie for cookie in redirect.cookies}
            target = redirect.headers["Location"]
            scope = _scope_of(form, target, given)
            found = self._find("GET", scope["path"]) if scope else None
            if found is None:
                return None
            route, arguments = found
            self._ask(route, arguments, scope, _nothing, send)
            try:
                page = await route.handler.fn(**arguments)
            except Exception:  # the browser goes there and is told
                return None
            if page.status_code == 303:
                redirect = page
                continue
            given |= {cookie.key: cookie for cookie in page.cookies}
            headers = {**page.headers, "Content-Location": target}
            return Response(
                page.content,
                status_code=page.status_code or route.handler.status_code,
                media_type=page.media_type,
                headers=headers,
                cookies=list(given.values()),
            )
        return None


def _route(path: str, handler: HTTPRouteHandler, given: Mapping[str, Any]) -> _Route:
    fixed: list[tuple[int, str]] = []
    parameters: list[tuple[int, str, ReadParameter]] = []
    for position, segment in enumerate(path.split("/")):
        if segment.startswith("{"):
            name, _, kind = segment.strip("{}").partition(":")
            parameters.append((position, name, _READERS[kind]))
        else:
            fixed.append((position, segment))
    wanted = set(handler.fn.__annotations__) - {"return"} - {name for _, name, _ in parameters}
    return _Route(
        template=path,
        fixed=fixed,
        parameters=parameters,
        given={name: given[name] for name in wanted - {"request"}},
        takes_request="request" in wanted,
        handler=handler,
    )


def _scope_of(form: PageRequest, target: str, given: Mapping[str, Cookie]) -> Scope:
    """What a browser would ask for, that is sent on to `target` with these cookies; None when not ours."""
    path, _, query = target.partition("?")
    if not path.startswith("/") or path.startswith("//") or "#" in target or "%" in path:
        return None
    kept = form.cookies | {name: cookie.value or "" for name, cookie in given.items()}
    gone = {name for name, cookie in given.items() if cookie.max_age == 0}
    cookies = "; ".join([f"{name}={value}" for name, value in kept.items() if name not in gone])
    language, path = split_language(path)
    scope = {
        **form.scope,
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [pair for pair in form.scope["headers"] if pair[0] not in _OF_BODY]
        + [(b"cookie", cookies.encode("latin-1"))],
        "state": {},
    }
    attach(scope, Visit(language, path, query, is_moved=True, at_hand=visit_of(form.scope).at_hand))
    return scope


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(response: Response[Any], send: Send, status: int) -> None:
    body: bytes = response.content
    headers = [(name.lower().encode(), str(value).encode()) for name, value in response.headers.items()]
    kind = str(response.media_type)
    kind += "; charset=utf-8" if kind.startswith("text/") and "charset" not in kind else ""
    if status not in (204, 304):
        headers += [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    headers += [(b"set-cookie", cookie_header(cookie)) for cookie in response.cookies]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
