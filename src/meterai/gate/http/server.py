"""HTTP/1.1 (RFC 9112) for the gate: small requests, answers made beforehand, everything within one turn.

A request is answered at once with bytes, or later through `Request.answer` (a join waits for the disk).
Requests of one connection are answered in their order; while one waits, no more than the next is read.
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
from meterai.kit.http.request_parser import BodyParser, RequestParser

HEAD_BYTES_MAX = 16_384
BODY_BYTES_MAX = 8_192
IDLE_SECONDS = 80
"""A kept connection without a request: longer than the proxy in front keeps its own, and than who is at the
back of the line waits between two looks."""
SWEEP_SECONDS = 4
"""Connections are looked through for those that take too long so often: there may be 20,000."""
_PIECE_BYTES = 256 * 1024
PIPELINED_MAX = 100
"""Requests that may arrive before the answer to the first; nobody but an attacker sends more."""
MAKES_ROOM_FOR, QUIET_SECONDS = 256, 2.0
"""When there are as many connections as there may be, so many are closed of those that have been without a
request for the longest time, and for so long at least: who waits comes back on a new one, and nobody else
could be let in."""
UNREAD_SECONDS = 10
"""An answer stood so long without its reader, before others get the place."""
REQUEST_SECONDS = 10
"""For a request to arrive in full."""
ACCEPTED_A_TURN = 16
"""Connections that a turn of the loop takes at most."""


class Request:
    """One request. `headers` have lower-case names; several of one name are joined (RFC 9110 5.3).

    Without a connection it is one of our own, to have an answer ready.
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
        """A header's value, or nothing."""
        return self.headers.get(name, b"")

    def answer(self, response: bytes) -> None:
        """Sends the answer of a request that was not answered at once."""
        assert self._connection is not None
        self._connection.send(self, response)

    async def answer_with_file(self, head: bytes, file: BinaryIO, size: int) -> None:
        """Sends a head and then `size` bytes of a file, no faster than they are taken."""
        assert self._connection is not None
        await self._connection.send_file(self, head, file, size)


class Application(Protocol):
    """What stands behind the connections."""

    ready: dict[bytes, bytes]
    """Answers to GET by target, as they are this second."""
    ready_for_strangers: dict[bytes, bytes]
    """Of those, what only who keeps no ticket gets."""

    def handle(self, request: Request) -> bytes | None:
        """The answer; None: it comes later."""
        ...


class Server:
    """All connections of this process; ends those that stay idle or never finish a request."""

    def __init__(self, application: Application, *, connections_max: int = CONNECTIONS_MAX) -> None:
        self.application = application
        self.connections: set[Connection] = set()
        self.connections_max = connections_max
        self.now = time.monotonic()
        self._found_none_at = -1.0
        self._swept_at = self.now

    async def listen(self, listener: socket.socket) -> list[asyncio.Server]:
        """Takes the connections of a socket until all of these are closed.

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
        """Whether there is room for one more connection. Where all are taken, quiet ones are closed; where
        none is quiet, requests of which a part has been missing for seconds; then those that read nothing."""
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
        self._found_none_at = self.now  # to look through all of them costs: once a second then
        return False

    def sweep(self) -> None:
        """Closes what takes too long; called every second."""
        self.now = time.monotonic()
        if self.now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = self.now
        for connection in [c for c in self.connections if c.is_overdue(self.now)]:
            connection.abort()

    def close(self) -> None:
        """Ends every connection once its answers are out."""
        for connection in list(self.connections):
            connection.close()


class Connection(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_arrived", "_head_bytes", "_is_full", "_parser", "_queue", "_request", "_room", "_transport",
        "_waiting", "peer", "server", "since",
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
        self._room: asyncio.Event | None = None

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
        if self._room is not None:
            self._room.set()

    def pause_writing(self) -> None:
        """Whoever does not read gets no further answers, and is not read."""
        self._is_full = True
        self.since = self.server.now
        if self._room is not None:
            self._room.clear()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        if self._room is not None:
            self._room.set()
        if self._transport is not None and not self._waiting:
            self._transport.resume_reading()
            self._work()

    def data_received(self, data: bytes) -> None:
        if self._request is not None:
            self._arrived += len(data)
        elif not self._waiting and (answer := self._ready(data)) is not None:
            assert self._transport is not None
            self.since = self.server.now
            self._transport.write(answer)
            return
        if self._parser is None:
            self._parser = RequestParser(self)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, ValueError):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        # The parser tells of a header when it has all of it, and holds what there is until then.
        if self._request is not None and self._arrived > HEAD_BYTES_MAX + BODY_BYTES_MAX:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._work()
        if self._waiting and self._queue and self._transport is not None:
            self._transport.pause_reading()

    def _ready(self, data: bytes) -> bytes | None:
        """The answer to a request that came in one piece and asks for a document: no parser is needed.

        Anything unusual is left to it: a long head, a body, a condition, an end of the connection, a second
        request, and whatever it refuses.
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
        if b"\r\nhost:" not in head or not _PLAIN(head):
            return None
        return answer

    def eof_received(self) -> bool:
        return False

    @property
    def is_quiet(self) -> bool:
        """Whether no request and no answer is under way. `since`: from when on."""
        return self._request is None and not (self._waiting or self._queue or self._is_full)

    @property
    def is_unfinished(self) -> bool:
        """Whether all that is under way is a request of which a part is missing. `since`: since it began."""
        return self._request is not None and not (self._waiting or self._queue or self._is_full)

    @property
    def is_unread(self) -> bool:
        """Whether answers wait for their reader, but no file (`is_overdue`). `since`: since they do."""
        return self._is_full and self._room is None

    def is_overdue(self, now: float) -> bool:
        """Whether it has waited too long for a request, for the rest of one, or for the reader of a file."""
        is_sending = self._room is not None
        if self._waiting and not is_sending:
            return False
        limit = IDLE_SECONDS if self._request is None or is_sending else REQUEST_SECONDS
        return now - self.since > limit

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Ends the connection once everything is sent."""
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
        self.since = self.server.now  # not at any byte: who sends one now and then has no more time

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
        self._request.method = self._parser.get_method()
        self._request.keep_alive = self._parser.should_keep_alive()
        if len(self._queue) >= PIPELINED_MAX:
            raise ValueError("too many requests at once")
        self._queue.append(self._request)
        self._request = None
        self.since = self.server.now

    # --------------------------------------------------------------- answers

    def _work(self) -> None:
        """Answers what has arrived, up to a request whose answer takes longer."""
        while self._queue and not self._waiting and not self._is_full:
            request = self._queue.popleft()
            answer = self.server.application.handle(request)
            if answer is None:
                self._waiting = True
            else:
                self._write(request, answer)

    def send(self, request: Request, answer: bytes) -> None:
        """The answer that was waited for."""
        self._waiting = False
        self.since = self.server.now
        self._write(request, answer)
        if self._transport is not None and not self._transport.is_closing() and not self._is_full:
            self._transport.resume_reading()
            self._work()

    async def send_file(self, request: Request, head: bytes, file: BinaryIO, size: int) -> None:
        """`Request.answer_with_file`; sent is what the file holds, or the connection ends."""
        self._room = asyncio.Event()
        self._room.set()
        left = size if request.method != b"HEAD" else 0
        if self._transport is not None:
            self._transport.write(head if request.keep_alive else closing(head))
        while left and self._transport is not None and (piece := file.read(min(left, _PIECE_BYTES))):
            self._transport.write(piece)
            left -= len(piece)
            self.since = self.server.now
            await self._room.wait()
        self._room = None
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
_PLAIN = re.compile(
    rb"(?:\r\n"
    rb"(?!content-length|transfer-encoding|if-none-match|connection(?!: keep-alive\r)|upgrade:|expect)"
    rb"[a-z0-9-]++:[\t -~\x80-\xff]*+)++\r\n\r\n"
).fullmatch
"""A whole head's headers, in lower case: each a line as RFC 9112 has it, without control characters, and none
that says more than every browser does."""
