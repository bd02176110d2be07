"""Calls the pages' routes without Litestar's machinery, which costs more than most pages (decision 0010).

Routes are declared as always, those of the API too. What this table does not know (an address or method of
no route, a stream) goes to Litestar, which answers or refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler

from meterai.web.cookies import PageRequest, cookie_header

type Scope = Any  # the ASGI specification's own types: dictionaries and callables
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type ReadParameter = Callable[[str], Any]
type Answering = Callable[[Request[Any, Any, Any], Exception], Response[Any]]

_WHOLE = "Response[bytes]"
"""What a handler returns that has its whole answer ready; streams are Litestar's."""
_READERS: dict[str, ReadParameter] = {"str": str, "int": int, "uuid": UUID}


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
        for handler in handlers:
            if handler.fn.__annotations__["return"] == _WHOLE:
                for path in handler.paths:
                    self._add(_route(path, handler, given))

    def _add(self, route: _Route) -> None:
        for method in route.handler.http_methods:
            rivals = self._routes[method, route.template.count("/")]
            rivals.append(route)
            rivals.sort(key=lambda rival: len(rival.parameters))  # /saya/masuk before /{slug}/masuk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segments = scope["path"].split("/")
        for route in self._routes.get((scope["method"], len(segments) - 1), ()):
            arguments = route.arguments(segments)
            if arguments is not None:
                await self._answer(route, arguments, scope, receive, send)
                return
        await self._litestar(scope, receive, send)

    async def _answer(
        self, route: _Route, arguments: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope |= {
            "litestar_app": self._litestar,
            "route_handler": route.handler,
            "path_template": route.template,
        }
        request = PageRequest(scope, receive, send)
        if route.takes_request:
            arguments["request"] = request
        try:
            response = await route.handler.fn(**arguments)
        except Exception as error:
            response = self._answer_error(request, error)
        await _send(response, send, response.status_code or route.handler.status_code)


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
