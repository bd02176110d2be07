"""A small asyncio HTTP/1.1 client for one person: kept connections, cookies, redirects.

Made for load: it costs a fraction of what a general client costs, so that the driver beside the product
takes little of the machine. Speaks plain HTTP to loopback addresses only.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast
from urllib.parse import urlencode, urljoin

import httptools

LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "[::1]": "::1"}
"""Host in an address -> where it is found."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_ACCEPTS = "Accept-Language: id\r\nAccept-Encoding: gzip\r\n"
_STRAIGHT = {"langsung": "1"}
"""What the pages' script adds to a form: the page that follows may be its answer."""
_BOUNDARY = "----meterai-8f1c2a90b7d3"


class ConnectionLost(Exception):
    """The server closed the connection in the middle of an answer."""


class Elsewhere(ValueError):
    """No page of this machine over plain HTTP."""


@dataclass(frozen=True)
class Response:
    """An answer with its whole body. `headers` have lower-case names; the last of several wins."""

    status: int
    headers: dict[bytes, bytes]
    raw: bytes
    """The body as it came, perhaps packed."""
    url: str

    def header(self, name: bytes) -> str:
        """A header's value, or nothing."""
        return self.headers.get(name, b"").decode("latin-1")

    @cached_property
    def body(self) -> bytes:
        """The body, unpacked."""
        return zlib.decompress(self.raw, 31) if self.headers.get(b"content-encoding") == b"gzip" else self.raw

    @cached_property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")


@dataclass(slots=True)
class Browser:
    """A browser: cookies, kept connections, redirects followed. `url`: the page that is shown.

    One person's, or one that a crowd shares for what needs no page: then several requests go on at once.
    """

    base: str
    source_address: str = ""  # a loopback address of its own, so that many people don't share one
    forwarded_for: str = ""
    """The address from which a proxy on this machine says that the person comes."""
    cookies: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30
    url: str = ""
    _idle: dict[str, list[_Connection]] = field(default_factory=dict)
    """By origin."""

    async def get(self, target: str, *, follow: bool = True) -> Response:
        """Goes to `target` (absolute, or relative to the page that is shown)."""
        return await self.request("GET", target, follow=follow)

    async def fetch(self, target: str, *, known: str = "") -> Response:
        """Gets what belongs to the page: an image, or what its script asks for. The page stays.

        `known`: the entity tag of what is there already; 304 when that is all there is (RFC 9110, 13.1.2).
        """
        return await self.request("GET", target, stay=True, known=known)

    async def post(self, target: str, fields: dict[str, str], *, follow: bool = True) -> Response:
        """Sends a form as application/x-www-form-urlencoded."""
        body = urlencode({**fields, **_STRAIGHT}).encode()
        kind = "application/x-www-form-urlencoded"
        return await self.request("POST", target, body=body, content_type=kind, follow=follow)

    async def post_files(
        self, target: str, fields: dict[str, str], files: list[tuple[str, str, bytes]]
    ) -> Response:
        """Sends a form with files (RFC 7578): `files` are (field, file name, content)."""
        parts: list[bytes] = []
        for name, value in {**fields, **_STRAIGHT}.items():
            parts.append(
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            )
        for name, filename, content in files:
            head = (
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                "Content-Type: application/pdf\r\n\r\n"
            )
            parts += [head.encode(), content, b"\r\n"]
        parts.append(f"--{_BOUNDARY}--\r\n".encode())
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return await self.request("POST", target, body=b"".join(parts), content_type=kind)

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        content_type: str = "",
        follow: bool = True,
        stay: bool = False,
        known: str = "",
    ) -> Response:
        """One request; with `follow` up to five redirects after it (303 and 302 become GET).

        `stay`: the page that is shown stays the same. `known`: as for `fetch`.

        Raises: ConnectionLost, OSError, TimeoutError.
        """
        url = _absolute(self.url or self.base, target)
        for _ in range(6):
            try:
                response = await self._exchange(method, url, body, content_type, known)
            except TimeoutError:
                raise TimeoutError(f"no answer within {self.timeout_seconds:g} s") from None
            if b"content-location" in response.headers:
                url = _absolute(url, response.header(b"content-location"))
                response = replace(response, url=url)
            if not stay:
                self.url = url
            if not follow or response.status not in _REDIRECTS:
                return response
            url = _absolute(url, response.header(b"location"))
            if response.status not in _KEEPS_METHOD:
                method, body, content_type = "GET", b"", ""
        raise ConnectionLost(f"too many redirects at {url}")

    def close(self) -> None:
        """Closes the connections that are not in use."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(self, method: str, url: str, body: bytes, content_type: str, known: str) -> Response:
        origin, path = _split(url)
        head = f"{method} {path} HTTP/1.1\r\nHost: {origin[7:]}\r\n{_ACCEPTS}"
        if self.cookies:
            head += "Cookie: " + "; ".join([f"{k}={v}" for k, v in self.cookies.items()]) + "\r\n"
        if self.forwarded_for:
            head += f"X-Forwarded-For: {self.forwarded_for}\r\n"
        if known:
            head += f'If-None-Match: "{known}"\r\n'
        if method == "POST":
            head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nOrigin: {origin}\r\n"
        request = f"{head}\r\n".encode()
        idle = self._idle.setdefault(origin, [])
        while idle:
            connection = idle.pop()
            if connection.is_closed:
                continue
            try:
                return await self._send(connection, request, body, url)
            except ConnectionLost:  # perhaps the server was just closing it
                if method != "GET":
                    raise
        return await self._send(await self._connect(origin), request, body, url)

    async def _connect(self, origin: str) -> _Connection:
        host, _, port = origin[7:].rpartition(":")
        if host not in LOOPBACK:
            raise Elsewhere(
                f"requests go to this machine only, over plain HTTP, not to {origin}: start a service for "
                "them without METERAI_PUBLIC_URL and METERAI_TLS_CERTIFICATE"
            )
        local = (self.source_address, 0) if self.source_address else None
        async with asyncio.timeout(self.timeout_seconds):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, LOOPBACK[host], int(port), local_addr=local
            )
        return connection

    async def _send(self, connection: _Connection, request: bytes, body: bytes, url: str) -> Response:
        try:
            answer = await connection.exchange(request, body, self.timeout_seconds)
        except BaseException:
            connection.close()
            raise
        for value in answer.cookies:
            self._store_cookie(value)
        if answer.is_kept:
            self._idle.setdefault(_split(url)[0], []).append(connection)
        else:
            connection.close()
        return Response(answer.status, answer.headers, b"".join(answer.body), url)

    def _store_cookie(self, value: str) -> None:
        pair, _, attributes = value.partition(";")
        name, _, content = pair.partition("=")
        if "max-age=0" in attributes.lower() or not content.strip('"'):
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = content


class _Answer:
    """What has arrived of an answer."""

    __slots__ = ("body", "cookies", "headers", "is_kept", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.cookies: list[str] = []
        self.body: list[bytes] = []
        self.is_kept = False


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time. A single timer watches all its exchanges."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer = _Answer()
        self._waiter: asyncio.Future[_Answer] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def exchange(self, head: bytes, body: bytes, timeout_seconds: float) -> _Answer:
        """Sends a request and waits for its answer. Raises: ConnectionLost, TimeoutError."""
        assert self._transport is not None
        self._answer, self._waiter = _Answer(), self._loop.create_future()
        self._deadline = self._loop.time() + timeout_seconds
        if self._timer is None:
            self._timer = self._loop.call_later(timeout_seconds, self._look)
        if body:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head)
        return await self._waiter

    @property
    def is_closed(self) -> bool:
        """Whether the server, or we, have ended it."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Ends the connection."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()

    def _look(self) -> None:
        """Ends an exchange that takes too long; sleeps on while there is none."""
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        left = self._deadline - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    # ------------------------------------------------------------- transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is not a subclass

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fail(ConnectionLost("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionLost(f"no HTTP: {error}"))

    # ---------------------------------------------------------------- parser

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._answer.headers[name] = value
        if name == b"set-cookie":
            self._answer.cookies.append(value.decode("latin-1"))

    def on_body(self, body: bytes) -> None:
        self._answer.body.append(body)

    def on_message_complete(self) -> None:
        answer = self._answer
        answer.status = self._parser.get_status_code()
        answer.is_kept = self._parser.should_keep_alive()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(answer)


def _split(url: str) -> tuple[str, str]:
    """Origin and path with query of an address."""
    end = url.find("/", url.find("://") + 3)
    if end < 0:
        return url, "/"
    return url[:end], url[end:].partition("#")[0]


def _absolute(base: str, target: str) -> str:
    """`target` as seen from `base`; urljoin for what is seldom on our pages."""
    if target.startswith("http://"):
        return target
    if target.startswith("/") and not target.startswith("//"):
        return _split(base)[0] + target
    return urljoin(base, target)
