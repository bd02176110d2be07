"""uvicorn's HTTP protocol, except that head and body of an answer leave in one write, that nobody keeps a
connection, or fills the memory, with a request that never begins, and that a request keeps its body when it
offers another protocol.

uvicorn writes the head, then the body, and uvloop hands each to the kernel at once: two packets, for which
the other side wakes twice. It limits neither the length of a head nor the time for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from meterai.kit.http.request_parser import BodyParser, RequestParser

HEAD_BYTES_MAX = 32_768
"""The parser keeps a line until it ends, and copies it together at each piece."""
HEAD_SECONDS = 10.0
_CONTINUE = b"HTTP/1.1 100 "


class WholeAnswers(HttpToolsProtocol):
    """For `uvicorn.Config(http=WholeAnswers, ws="none")`; its `limit_concurrency` counts connections without
    a request too: as many as that are too many."""

    _unfinished_bytes = 0
    """Of a head, or a line within a body, that is not here as a whole."""
    _has_advanced = _is_in_body = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Puts itself between uvicorn and the connection."""
        self.parser = RequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._joining = _Joining(transport)
        super().connection_made(self._joining)  # type: ignore[arg-type]
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            transport.abort()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is expected of it."""
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Ends a connection whose head, or line, is too long."""
        self._has_advanced = False
        super().data_received(data)
        if self._has_advanced:
            self._unfinished_bytes = 0
            self._expect_nothing()
            return
        self._unfinished_bytes += len(data)
        if self._deadline is None and not self._is_in_body:
            self._expect_head()
        if self._unfinished_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("Request head over the limit.")

    def go_on(self, data: bytes) -> None:
        """Reads the body of a request that offers another protocol."""
        self.parser = BodyParser(self, self.parser, self.headers)  # type: ignore[assignment]
        self.parser.feed_data(data)

    def on_headers_complete(self) -> None:
        """A head is here."""
        self._has_advanced = self._is_in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body is here."""
        self._has_advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is here."""
        if self.parser.should_upgrade():
            return
        self._has_advanced, self._is_in_body = True, False
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def on_response_complete(self) -> None:
        """Sends a head to which no body came, before the next answer begins."""
        self._joining.finish()
        super().on_response_complete()


class _Joining:
    """A transport that keeps the first write of an answer, its head, until the next one or the end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._is_begun = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._is_begun and not data.startswith(_CONTINUE):
            self._is_begun = True
            self._head = data
        elif self._head and data:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def finish(self) -> None:
        """The answer is whole: the next write is a head again."""
        if self._head and not self._transport.is_closing():
            self._transport.write(self._head)
        self._head = b""
        self._is_begun = False

    def close(self) -> None:
        self.finish()
        self._transport.close()
