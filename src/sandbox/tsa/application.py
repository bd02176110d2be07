"""The time-stamp authority over HTTP (RFC 3161 section 3.4), as a small ASGI application."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from sandbox.page import HEADERS, both, document
from sandbox.tsa.authority import POLICY, TimeStampAuthority

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_QUERY_BYTES_MAX = 4096
_REPLY = (200, b"application/timestamp-reply")


class TsaFaults(msgspec.Struct, forbid_unknown_fields=True):
    """What may go wrong, by POST /_script. `_next` counts queries and runs down."""

    delay_seconds: float = 0
    fails_next: int = 0  # 503
    garbled_next: int = 0  # a reply that is no DER
    wrong_imprint_next: int = 0  # a good token over something else
    rejects_next: int = 0  # a rejection


class TsaApplication:
    """ASGI: POST / (or any path) with application/timestamp-query; GET /healthz; GET / for people."""

    def __init__(self, authority: TimeStampAuthority) -> None:
        self._authority = authority
        self._faults = TsaFaults()
        self._answered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, content_type, body, extra = await self._answer(scope, receive)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *extra]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, receive: Receive
    ) -> tuple[int, bytes, bytes, list[tuple[bytes, bytes]]]:
        if scope["method"] == "POST":
            body = await _read(receive)
            if scope["path"] == "/_script":
                return *self._script(body), []
            if dict(scope["headers"]).get(b"content-type") != b"application/timestamp-query":
                return 415, b"text/plain", b"application/timestamp-query is expected\n", []
            return *await self._stamp(body), []
        if scope["path"] == "/healthz":
            return 200, b"application/json", b'{"status": "ok"}', []
        if scope["path"] != "/":
            return 404, b"text/plain", b"not found\n", []
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        return 200, b"text/html; charset=utf-8", self._page().encode(), headers

    async def _stamp(self, query: bytes) -> tuple[int, bytes, bytes]:
        faults = self._faults
        if faults.delay_seconds:
            await asyncio.sleep(faults.delay_seconds)
        if self._take("fails_next"):
            return 503, b"text/plain", b"out of order\n"
        if self._take("garbled_next"):
            return *_REPLY, b"<html>Maintenance</html>"
        if self._take("rejects_next"):
            return *_REPLY, self._authority.respond(b"")
        if self._take("wrong_imprint_next"):
            query = _with_other_imprint(query)
        if len(query) > _QUERY_BYTES_MAX:
            return 413, b"text/plain", b"too large\n"
        self._answered += 1
        return *_REPLY, self._authority.respond(query)

    def _script(self, body: bytes) -> tuple[int, bytes, bytes]:
        try:
            self._faults = msgspec.json.decode(body or b"{}", type=TsaFaults)
        except msgspec.DecodeError as error:
            return 400, b"application/json", msgspec.json.encode({"error": str(error)})
        return 200, b"application/json", msgspec.json.encode(self._faults)

    def _take(self, name: str) -> bool:
        left: int = getattr(self._faults, name)
        if left > 0:
            setattr(self._faults, name, left - 1)
        return left > 0

    def _page(self) -> str:
        return document(
            "Otoritas stempel waktu",
            f"<h1>{both('Otoritas stempel waktu', 'Time-stamp authority')}</h1>"
            f'<section class="card"><dl><dt>RFC 3161</dt><dd>POST application/timestamp-query</dd>'
            f"<dt>{both('Kebijakan', 'Policy')}</dt><dd>{POLICY}</dd>"
            f"<dt>{both('Sejak mulai', 'Since the start')}</dt><dd>{self._answered}</dd></dl></section>",
        )


def _with_other_imprint(query: bytes) -> bytes:
    """The query with another SHA-256 value: `04 20` and 32 bytes."""
    at = query.index(b"\x04\x20") + 2
    return query[:at] + bytes(32) + query[at + 32 :]


async def _read(receive: Receive) -> bytes:
    """The request's body; a longer one than any query is cut, which makes it unreadable."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        if len(body) <= _QUERY_BYTES_MAX:
            body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def main() -> None:
    """Starts the twin from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.tsa", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pki", type=Path, required=True, help="folder made by sandbox.pki.authority")
    arguments = parser.parse_args()
    print(f"sandbox time-stamp authority: http://127.0.0.1:{arguments.port}", flush=True)
    uvicorn.run(
        TsaApplication(TimeStampAuthority(arguments.pki)),
        host="127.0.0.1",
        port=arguments.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
