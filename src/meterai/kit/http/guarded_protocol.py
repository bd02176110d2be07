"""uvicorn's HTTP protocol with limits on the length of a request's head and on the time for it. A request
names its host.

uvicorn itself has neither. Without them a client keeps a connection, or fills the memory, with a request that
never begins. A request that offers another protocol (`Upgrade`) keeps its body (`request_parser`).
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from meterai.kit.http.request_host import names_host
from meterai.kit.http.request_parser import BodyParser, RequestParser

HEAD_BYTES_MAX = 32_768
"""The parser keeps a line until it ends, and copies it together with each new piece."""
HEAD_SECONDS = 10.0


class GuardedProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=GuardedProtocol, ws="none")`.

    `limit_concurrency` counts connections without a request too: a connection that reaches it is ended.
    """

    _unfinished_bytes = 0
    """Bytes of a head, or of a line within a body, whose end has not arrived."""
    _has_advanced = _is_in_body = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a connection, unless there are too many, and waits for the head of a request."""
        self.parser = RequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            transport.abort()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock of the head."""
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
        """Reads the body of a request that offered another protocol."""
        self.parser = BodyParser(self, self.parser, self.headers)  # type: ignore[assignment]
        self.parser.feed_data(data)

    def on_headers_complete(self) -> None:
        """Notes that a head has arrived. Raises: ValueError without a host; uvicorn answers 400."""
        self._has_advanced = self._is_in_body = True
        if not names_host([value for name, value in self.headers if name == b"host"]):
            raise ValueError("a request names one host")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Notes that a piece of a body has arrived."""
        self._has_advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Notes that a whole request has arrived."""
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
