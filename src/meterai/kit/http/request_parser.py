"""httptools' parser for servers that speak HTTP/1.1 and nothing else.

A request may offer to continue in another protocol (`Upgrade`), as Java's client does without TLS. A server
that does not take the offer must treat it as any other request (RFC 9110, 7.8). But httptools ends such a
request with its head: it would read the body as the next request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httptools

_FRAMING = (b"content-length", b"transfer-encoding")


class ParserEvents(Protocol):
    """The protocol that httptools calls for each part of a request."""

    def on_body(self, body: bytes) -> None:
        """A piece of the body has arrived."""
        ...

    def on_message_complete(self) -> None:
        """The request is complete; without its body while the parser's `should_upgrade` is true."""
        ...

    def go_on(self, data: bytes) -> None:
        """A head with an offer has ended. `data` follows it and is for a `BodyParser`."""
        ...


class RequestParser(httptools.HttpRequestParser):
    """Calls `go_on` of the protocol instead of raising `HttpParserUpgrade`."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: ParserEvents) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        """Parses more bytes. Raises: httptools.HttpParserError."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as cut:
            self._protocol.go_on(data[cut.args[0] :])

    def should_keep_alive(self) -> bool:
        """Tells whether another request may follow on the connection.

        Not after an offer. Not for HTTP/1.0 either: its clients would wait for a header about it in the
        answer.
        """
        return self.get_http_version() == "1.1" and not self.should_upgrade() and super().should_keep_alive()


class BodyParser:
    """Parses the body after a head with an offer. `headers` are those of the head, with lower-case names.

    The connection ends with this request: bytes after its body are ignored.
    """

    def __init__(
        self, protocol: ParserEvents, cut: httptools.HttpRequestParser, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        self.get_method = cut.get_method
        self._protocol = protocol
        self._is_over = False
        self._parser = httptools.HttpRequestParser(self)
        framing = b"".join(b"%b: %b\r\n" % header for header in headers if header[0] in _FRAMING)
        self._head = b"POST / HTTP/1.1\r\n%b\r\n" % framing

    def feed_data(self, data: bytes) -> None:
        """Parses more bytes. Raises: httptools.HttpParserError."""
        head, self._head = self._head, b""
        if not self._is_over:
            self._parser.feed_data(head + data)

    def should_upgrade(self) -> bool:
        """The offer was read already."""
        return False

    def should_keep_alive(self) -> bool:
        """Another request never follows."""
        return False

    def on_body(self, body: bytes) -> None:
        """Called by httptools."""
        if not self._is_over:
            self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        """Called by httptools."""
        if not self._is_over:
            self._is_over = True
            self._protocol.on_message_complete()
