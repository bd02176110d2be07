"""ASGI middleware that begins a trace for each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from meterai.kit.tracing import spans

type ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

_OF_PROGRAMS: Final = ("/api/", "/wire/")
"""Addresses whose callers may name a trace of their own. Browsers of people have none."""
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def traced(app: ASGIApp) -> ASGIApp:
    """The application with a trace for each request, where traces are on: else the application itself.

    A span has the name of its route. The path of a request may hold a token, so it is never told.
    A program's own trace is linked, not continued: a stranger shall not decide what is recorded.
    """
    return _Requests(app) if spans.is_on() else app


class _Requests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        with spans.root(method, kind="server", link=_own_trace(scope), method=method) as span:

            async def note(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.note(status=message["status"])
                await send(message)

            try:
                await self._app(scope, receive, note)
            finally:
                if route := scope.get("path_template", ""):
                    span.note(route=route)
                    span.rename(f"{method} {route}")


def _own_trace(scope: Any) -> str:
    """The traceparent that a program sent."""
    if not scope["path"].startswith(_OF_PROGRAMS):
        return ""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), "")
