"""uvicorn's HTTP protocol, except that head and body of an answer leave in one write.

uvicorn writes the head, then the body, and uvloop hands each to the kernel at once: two packets, for which
the other side wakes twice.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONTINUE = b"HTTP/1.1 100 "


class WholeAnswers(HttpToolsProtocol):
    """For `uvicorn.Config(http=WholeAnswers)`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Puts itself between uvicorn and the connection."""
        self._joining = _Joining(transport)
        super().connection_made(self._joining)  # type: ignore[arg-type]

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
