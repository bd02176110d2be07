"""Sends requests to an ASGI application (ASGI 3.0, HTTP) as a server would, without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from meterai.web.requests.visits import Visit, attach


@dataclass
class Answer:
    """The answer of the application. `headers` by lower-case name; the last one of a repeated header."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    """Every `set-cookie`."""
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


async def ask(
    application: Any,
    address: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    visit: Visit | None = None,
    client: str = "192.0.2.7",
    arriving: Callable[[], Awaitable[dict[str, Any]]] | None = None,
) -> Answer:
    """Sends one request and returns the answer.

    `visit`: what `SiteMiddleware` makes of the request, for applications behind it. `client`: the client's
    address. `arriving`: gives the messages of a body in parts, instead of `body`.
    """
    answer, is_asked = Answer(), False
    parts = urlsplit(address)
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": unquote(parts.path), "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(), "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": (client, 5), "server": ("localhost", 80), "state": {}, "asgi": {"version": "3.0"},
    }  # fmt: skip
    if visit is not None:
        attach(scope, visit)

    async def receive() -> dict[str, Any]:
        nonlocal is_asked
        if is_asked:  # who streams watches for this meanwhile
            await asyncio.sleep(0.2)
            return {"type": "http.disconnect"}
        is_asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            pairs = [(name.decode().lower(), value.decode()) for name, value in message["headers"]]
            answer.status, answer.headers = message["status"], dict(pairs)
            answer.cookies = [value for name, value in pairs if name == "set-cookie"]
        else:
            answer.body += message.get("body", b"")

    await application(scope, arriving or receive, send)
    return answer
