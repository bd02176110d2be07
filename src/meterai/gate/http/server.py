"""The gate's HTTP/1.1 server (RFC 9112). docs/decisions/0027 says what it guards.

The application answers a request at once with bytes, or later through `Request.answer` (a join waits for the
disk). Requests of one connection are answered in their order. While one waits, only the next one is read.
"""

from __future__ import annotations

import asyncio
import heapq
import re
import socket
import time
from collections import deque
from http import HTTPStatus
from typing import BinaryIO, Protocol, cast

import httptools

from meterai.gate.http.responses import closing, head_of, respond
from meterai.kit.http.listening import CONNECTIONS_MAX
from meterai.kit.http.request_host import names_host
from meterai.kit.http.request_parser import BodyParser, RequestParser

HEAD_BYTES_MAX = 16_384
BODY_BYTES_MAX = 8_192
IDLE_SECONDS = 80
"""How long a connection stays without a request. nginx keeps its connections for less, and people at the back
of the line poll more often."""
SWEEP_SECONDS = 4
"""The time between two searches for connections that take too long. There may be 20,000 connections."""
_PIECE_BYTES = 256 * 1024
PIPELINED_MAX = 100
"""Requests that may arrive before the first is answered. Only an attacker sends more."""
MAKES_ROOM_FOR, QUIET_SECONDS = 256, 2.0
"""When no more connections are allowed, the server closes up to 256 that have had no request for the longest
time, 2 s at least. People in line come back on a new connection; nobody new could be let in otherwise."""
UNREAD_SECONDS = 10
"""How long an answer stays unread before the connection may be closed to let others in."""
REQUEST_SECONDS = 10
"""The time in which a request must arrive in full."""
ACCEPTED_A_TURN = 16
"""The most connections that are accepted in one turn of the loop."""


class Request:
    """One request. The names in `headers` are lower-case; headers of one name are joined (RFC 9110 5.3).

    `connection`: None for a request that the gate makes itself, to prepare an answer.
    """

    __slots__ = ("_connection", "body", "headers", "keep_alive", "method", "peer", "target")

    def __init__(self, connection: Connection | None, peer: str) -> None:
        self._connection = connection
        self.peer = peer
        self.method = b"GET"
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.keep_alive = True

    def header(self, name: bytes) -> bytes:
        """The value of a header; empty when there is none."""
        return self.headers.get(name, b"")

    def answer(self, response: bytes) -> None:
        """Answers a request that was not answered at once."""
        assert self._connection is not None
        self._connection.send(self, response)

    async def answer_with_file(self, head: bytes, file: BinaryIO, size: int) -> None:
        """Sends a head and then `size` bytes of a file, no faster than the client reads them."""
        assert self._connection is not None
        await self._connection.send_file(self, head, file, size)


class Application(Protocol):
    """The application behind the connections."""

    ready: dict[bytes, bytes]
    """Answers to GET that are ready, by target."""
    ready_for_strangers: dict[bytes, bytes]
    """The same, for browsers that keep no ticket."""

    def handle(self, request: Request) -> bytes | None:
        """The answer; None when it comes later."""
        ...


class Server:
    """All connections of this process. It ends those that stay idle or never finish a request."""

    def __init__(self, application: Application, *, connections_max: int = CONNECTIONS_MAX) -> None:
        self.application = application
        self.connections: set[Connection] = set()
        self.connections_max = connections_max
        self.now = time.monotonic()
        self._found_none_at = -1.0
        self._swept_at = self.now
        self.polls = self.ready_answers = self.made_answers = 0
        """Answers so far (`gate.measures`)."""

    async def listen(self, listener: socket.socket) -> list[asyncio.Server]:
        """Accepts connections from a socket until all returned servers are closed.

        uvloop takes one connection in each turn of its loop from each listening socket. With a single one, a
        crowd would wait to be let in whenever the processor is full.
        """
        loop = asyncio.get_running_loop()
        return [
            await loop.create_server(self.connect, sock=listener.dup(), backlog=4_096)
            for _ in range(ACCEPTED_A_TURN)
        ]

    def connect(self) -> Connection:
        """A protocol for `loop.create_server`."""
        return Connection(self)

    def make_room(self) -> bool:
        """Whether one more connection is allowed, after closing others if need be.

        When no more are allowed, it closes quiet connections; without these, requests that have been
        incomplete for seconds; without these, answers that nobody reads.
        """
        if len(self.connections) < self.connections_max:
            return True
        if self._found_none_at == self.now:
            return False
        old = [c for c in self.connections if self.now - c.since >= QUIET_SECONDS]
        ends = (
            [c for c in old if c.is_quiet]
            or [c for c in old if c.is_unfinished]
            or [c for c in old if c.is_unread and self.now - c.since >= UNREAD_SECONDS]
        )
        for connection in heapq.nsmallest(MAKES_ROOM_FOR, ends, key=lambda one: one.since):
            connection.abort()
            self.connections.discard(connection)
        if ends:
            return True
        self._found_none_at = self.now  # the search is costly: at most once a second
        return False

    def sweep(self) -> None:
        """Closes connections that take too long. Called every second."""
        self.now = time.monotonic()
        if self.now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = self.now
        for connection in [c for c in self.connections if c.is_overdue(self.now)]:
            connection.abort()

    def close(self) -> None:
        """Ends every connection when its answers are sent."""
        for connection in list(self.connections):
            connection.close()


class Connection(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_arrived",
        "_can_write",
        "_head_bytes",
        "_is_full",
        "_parser",
        "_queue",
        "_request",
        "_transport",
        "_waiting",
        "peer",
        "server",
        "since",
    )  # fmt: skip

    def __init__(self, server: Server) -> None:
        self.server = server
        self.peer = ""
        self._transport: asyncio.Transport | None = None
        self._parser: RequestParser | BodyParser | None = None
        self._request: Request | None = None
        self._queue: deque[Request] = deque()
        self._waiting = False
        self._is_full = False
        self.since = server.now
        self._head_bytes = self._arrived = 0
        self._can_write: asyncio.Event | None = None

    # ------------------------------------------------------------- transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is not a subclass
        if not self.server.make_room():
            self._transport.abort()
            return
        self.server.connections.add(self)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self._transport = None
        self._queue.clear()
        if self._can_write is not None:
            self._can_write.set()

    def pause_writing(self) -> None:
        """Stops answering and reading a client that does not read its answers."""
        self._is_full = True
        self.since = self.server.now
        if self._can_write is not None:
            self._can_write.clear()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        if self._can_write is not None:
            self._can_write.set()
        if self._transport is not None and not self._waiting:
            self._transport.resume_reading()
            self._work()

    def data_received(self, data: bytes) -> None:
        if self._request is not None:
            self._arrived += len(data)
        elif not self._waiting and (answer := self._ready(data)) is not None:
            assert self._transport is not None
            self.since = self.server.now
            self.server.ready_answers += 1
            self._transport.write(answer)
            return
        if self._parser is None:
            self._parser = RequestParser(self)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, ValueError):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        # The parser calls back when a header is complete, and keeps an incomplete one in memory.
        if self._request is not None and self._arrived > HEAD_BYTES_MAX + BODY_BYTES_MAX:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._work()
        if self._waiting and self._queue and self._transport is not None:
            self._transport.pause_reading()

    def _ready(self, data: bytes) -> bytes | None:
        """The answer to an ordinary request that arrived in one piece, when it is ready; else None.

        The parser gets everything unusual: a long head, a body, a condition, the end of the connection, a
        second request, and anything that it would refuse.
        """
        if len(data) > HEAD_BYTES_MAX or not data.startswith(b"GET "):
            return None
        end = data.find(_VERSION, 4, 300)
        if end < 0:
            return None
        target, application = data[4:end], self.server.application
        answer = application.ready.get(target)
        if answer is None:
            answer = application.ready_for_strangers.get(target)
            if answer is None or b"antre_" in data[end:]:
                return None
        head = data[end + len(_VERSION) :].lower()
        if head.count(b"\r\nhost:") != 1 or not _PLAIN(head):
            return None
        self.server.polls += target.endswith(_STATUS)
        return answer

    def eof_received(self) -> bool:
        return False

    @property
    def is_quiet(self) -> bool:
        """Whether no request and no answer is under way. `since` says from when on."""
        return self._request is None and not (self._waiting or self._queue or self._is_full)

    @property
    def is_unfinished(self) -> bool:
        """Whether only an incomplete request is under way. `since` says when it began."""
        return self._request is not None and not (self._waiting or self._queue or self._is_full)

    @property
    def is_unread(self) -> bool:
        """Whether answers wait for their reader, and no file does. `since` says from when on."""
        return self._is_full and self._can_write is None

    def is_overdue(self, now: float) -> bool:
        """Whether it has waited too long: for a request, for the rest of one, or for the reader of a file."""
        is_sending = self._can_write is not None
        if self._waiting and not is_sending:
            return False
        limit = IDLE_SECONDS if self._request is None or is_sending else REQUEST_SECONDS
        return now - self.since > limit

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Ends the connection when everything is sent."""
        if self._transport is not None and not self._waiting:
            self._transport.close()

    # ---------------------------------------------------------------- parser

    def go_on(self, data: bytes) -> None:
        """Reads the body of a request that offers another protocol."""
        assert self._request is not None
        assert isinstance(self._parser, RequestParser)
        self._parser = BodyParser(self, self._parser, self._request.headers.items())
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._request = Request(self, self.peer)
        self._head_bytes = self._arrived = 0
        self.since = self.server.now  # not at each byte: a slow sender gets no more time

    def on_url(self, url: bytes) -> None:
        assert self._request is not None
        self._request.target += url
        self._head_bytes += len(url)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise ValueError("target over the limit")

    def on_header(self, name: bytes, value: bytes) -> None:
        assert self._request is not None
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES_MAX:
            raise ValueError("head over the limit")
        headers, name = self._request.headers, name.lower()
        if name in headers:
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value  # RFC 9113 8.2.3
        headers[name] = value

    def on_body(self, body: bytes) -> None:
        assert self._request is not None
        if len(self._request.body) + len(body) > BODY_BYTES_MAX:
            raise ValueError("body over the limit")
        self._request.body += body

    def on_message_complete(self) -> None:
        assert self._request is not None
        assert self._parser is not None
        if self._parser.should_upgrade():
            return
        if not names_host(self._request.headers.get(b"host", b"").split(b", ")):
            raise ValueError("a request names one host")
        self._request.method = self._parser.get_method()
        self._request.keep_alive = self._parser.should_keep_alive()
        if len(self._queue) >= PIPELINED_MAX:
            raise ValueError("too many requests at once")
        self._queue.append(self._request)
        self._request = None
        self.since = self.server.now

    # --------------------------------------------------------------- answers

    def _work(self) -> None:
        """Answers the requests that have arrived, up to one whose answer comes later."""
        while self._queue and not self._waiting and not self._is_full:
            request = self._queue.popleft()
            answer = self.server.application.handle(request)
            self.server.made_answers += 1
            self.server.polls += request.target.endswith(_STATUS)
            if answer is None:
                self._waiting = True
            else:
                self._write(request, answer)

    def send(self, request: Request, answer: bytes) -> None:
        """Sends an answer that came later."""
        self._waiting = False
        self.since = self.server.now
        self._write(request, answer)
        if self._transport is not None and not self._transport.is_closing() and not self._is_full:
            self._transport.resume_reading()
            self._work()

    async def send_file(self, request: Request, head: bytes, file: BinaryIO, size: int) -> None:
        """See `Request.answer_with_file`. Ends the connection when the file has fewer bytes."""
        self._can_write = asyncio.Event()
        self._can_write.set()
        left = size if request.method != b"HEAD" else 0
        if self._transport is not None:
            self._transport.write(head if request.keep_alive else closing(head))
        while left and self._transport is not None and (piece := file.read(min(left, _PIECE_BYTES))):
            self._transport.write(piece)
            left -= len(piece)
            self.since = self.server.now
            await self._can_write.wait()
        self._can_write = None
        if left:
            self.abort()
        else:
            self.send(request, b"")

    def _write(self, request: Request, answer: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if answer:
            answer = answer if request.keep_alive else closing(answer)
            self._transport.write(head_of(answer) if request.method == b"HEAD" else answer)
        if not request.keep_alive:
            self._transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        if self._transport is not None:
            self._transport.write(respond(status, b"", (("connection", "close"),)))
            self._transport.close()


_VERSION = b" HTTP/1.1"
_STATUS = b"/d/status.json"
"""How the address ends at which people in line ask how it stands."""
_PLAIN = re.compile(
    rb"(?:\r\n"
    rb"(?!content-length|transfer-encoding|if-none-match|connection(?!: keep-alive\r)|upgrade:|expect"
    rb"|host:(?! [a-z0-9._:\[\]-]+\r))"
    rb"[a-z0-9-]++:[\t -~\x80-\xff]*+)++\r\n\r\n"
).fullmatch
"""The headers of an ordinary request, in lower case: whole lines without control characters (RFC 9112), and
none that changes how the request is read or answered."""
