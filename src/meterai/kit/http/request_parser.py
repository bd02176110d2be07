"""httptools' parser for servers that speak HTTP/1.1 and nothing else.

A request may offer to go on in another protocol (`Upgrade`), as Java's client does where there is no TLS. To
whoever takes no such offer it is a request like any other (RFC 9110 7.8); httptools ends it with its head,
and its body would be read as the next request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httptools

_FRAMING = (b"content-length", b"transfer-encoding")


class Told(Protocol):
    """Who is told of requests, and how httptools tells it."""

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        ...

    def on_message_complete(self) -> None:
        """The request is here; without its body while the parser's `should_upgrade` says so."""
        ...

    def go_on(self, data: bytes) -> None:
        """A head that made an offer has ended; `data` comes behind it, for a `BodyParser`."""
        ...


class RequestParser(httptools.HttpRequestParser):
    """Tells a protocol of requests, and to go on instead of raising `HttpParserUpgrade`."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Told) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        """Reads on. Raises: httptools.HttpParserError."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as cut:
            self._protocol.go_on(data[cut.args[0] :])

    def should_keep_alive(self) -> bool:
        """Not after an offer, nor for HTTP/1.0, whose clients would wait for a word of it in the answer."""
        return self.get_http_version() == "1.1" and not self.should_upgrade() and super().should_keep_alive()


class BodyParser:
    """Takes the place of a parser that was cut off after a head with these headers (lower-case names). The
    connection ends with this request: what comes behind it is not read.
    """

    def __init__(
        self, protocol: Told, cut: httptools.HttpRequestParser, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        self.get_method = cut.get_method
        self._protocol = protocol
        self._is_over = False
        self._parser = httptools.HttpRequestParser(self)
        framing = b"".join(b"%b: %b\r\n" % header for header in headers if header[0] in _FRAMING)
        self._head = b"POST / HTTP/1.1\r\n%b\r\n" % framing

    def feed_data(self, data: bytes) -> None:
        """Reads on. Raises: httptools.HttpParserError."""
        head, self._head = self._head, b""
        if not self._is_over:
            self._parser.feed_data(head + data)

    def should_upgrade(self) -> bool:
        """The offer is read."""
        return False

    def should_keep_alive(self) -> bool:
        """Whether another request may follow."""
        return False

    def on_body(self, body: bytes) -> None:
        """Told by httptools."""
        if not self._is_over:
            self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        """Told by httptools."""
        if not self._is_over:
            self._is_over = True
            self._protocol.on_message_complete()
