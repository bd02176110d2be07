"""A proxy before PostgreSQL that cuts every connection at one commit, as a failover does.

    async with CuttingProxy.before(server_url) as proxy:
        db = await connect(proxy.url(database.urls.site))     # the same database, through the proxy
        async with proxy.counting() as commits: ...           # the commits that wrote something
        proxy.cut(commits[0], When.AFTER)                     # the server commits, and nobody hears of it
        ...                                                   # the next commit of that name: all is cut off
        proxy.mend()                                          # connections are taken again

A commit is the COMMIT of a transaction, or a statement outside one. Its name is the texts of its
statements. So it is found again in another run, also when reads come in another order.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import msgspec

_SSL_REQUEST: Final = 80877103
_HEAD: Final = 5
"""Bytes before the body of a message: its type, and a length that counts itself."""
_OF_SAVEPOINTS: Final = ("SAVEPOINT", "RELEASE", "ROLLBACK")
_OF_DRIVER: Final = ("typeinfo_tree", "current_setting('jit')")
"""Statements with which the driver asks for types once in each connection."""
_ENDS: Final = b"QSHXpdcf"
"""Types of messages after which a client waits for the server."""


class When(StrEnum):
    """When the connection is cut."""

    BEFORE = "before"
    """The server never gets the commit: nothing is committed."""
    AFTER = "after"
    """The server has committed, and its answer is lost."""


class Commit(msgspec.Struct, frozen=True):
    """A commit. `number`: which one of this name, from 1 on."""

    name: str
    number: int


class _Messages:
    """Splits a stream into whole messages of the protocol."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def next(self) -> tuple[bytes, bytes]:
        """The next message: its type, and all of it."""
        head = await self._reader.readexactly(_HEAD)
        (length,) = struct.unpack("!i", head[1:])
        return head[:1], head + await self._reader.readexactly(length - 4)


class _Talk:
    """One connection of a client, and ours to the server for it."""

    def __init__(
        self, proxy: CuttingProxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._statements: dict[bytes, str] = {}
        self._running = ""
        """Text of the statement that was sent last."""
        self._said: list[str] = []
        """Texts of the statements of the transaction that is open."""
        self._is_open = False
        self._commit: Commit | None = None
        """The commit whose answer is awaited."""
        self._horizon = 0
        """The newest write before it."""

    async def from_client(self, messages: _Messages) -> None:
        held = b""
        while True:
            kind, message = await messages.next()
            held += message
            self._read(kind, message[_HEAD:])
            if kind not in _ENDS:
                continue
            if self._commit is not None and self._proxy.is_to_cut(self._commit, When.BEFORE):
                self._proxy.fail()
                return
            if self._commit is not None:
                self._horizon = await self._proxy.newest_write()
            self._server.write(held)
            await self._server.drain()
            held = b""

    def _read(self, kind: bytes, body: bytes) -> None:
        """Notes what a message of the client runs."""
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self._statements[name] = text.decode()
        elif kind == b"B":
            self._running = self._statements.get(body.split(b"\0", 2)[1], "?")
        elif kind == b"Q":
            self._runs(body.rstrip(b"\0").decode())
        elif kind == b"E":
            self._runs(self._running)

    def _runs(self, text: str) -> None:
        text = " ".join(text.split())
        word = text.partition(" ")[0].rstrip(";").upper()
        if self._is_open:
            if word == "COMMIT":
                self._commit = self._proxy.begun("; ".join(self._said))
            elif word not in _OF_SAVEPOINTS and not any(one in text for one in _OF_DRIVER):
                self._said.append(text)
        elif word != "BEGIN":
            self._commit = self._proxy.begun(text)

    async def from_server(self, messages: _Messages) -> None:
        held, failed = b"", False
        while True:
            kind, message = await messages.next()
            held += message
            failed = failed or kind == b"E"
            if kind != b"Z":
                if self._commit is None:
                    held = await self._pass_on(held)
                continue
            if self._commit is not None and not failed and await self._is_cut(self._commit):
                self._proxy.fail()
                return
            self._commit, failed = None, False
            self._note(message[_HEAD:])
            held = await self._pass_on(held)

    async def _is_cut(self, commit: Commit) -> bool:
        """Notes a commit that the server has answered. Returns whether to cut now."""
        if await self._proxy.newest_write() > self._horizon:
            self._proxy.written.append(commit)
        return self._proxy.is_to_cut(commit, When.AFTER)

    def _note(self, state: bytes) -> None:
        is_open = state != b"I"
        if not is_open or not self._is_open:
            self._said = []
        self._is_open = is_open

    async def _pass_on(self, held: bytes) -> bytes:
        self._client.write(held)
        await self._client.drain()
        return b""

    def end(self) -> None:
        """Cuts both connections off."""
        for writer in (self._client, self._server):
            writer.transport.abort()


class CuttingProxy:
    """Takes connections for a server at 127.0.0.1, passes everything on, and cuts where it is told."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.port = 0
        self.is_away = False
        """Whether the server seems to be gone: each connection ends at once."""
        self.cuts = 0
        self._talks: set[_Talk] = set()
        self._seen: Counter[str] = Counter()
        self._target: tuple[Commit, When] | None = None
        self.written: list[Commit] = []
        """The commits that wrote something, while they are counted."""
        self._watch: asyncpg.Connection[asyncpg.Record] | None = None
        self._looking = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def before(cls, server_url: str) -> AsyncIterator[CuttingProxy]:
        """A running proxy before the server of this URL."""
        proxy = cls(urlsplit(server_url).port or 5432)
        server = await asyncio.start_server(proxy._take, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            proxy._cut_all()
            await server.wait_closed()

    def url(self, url: str) -> str:
        """The URL of a database, through this proxy."""
        return url.replace(f":{self._server_port}/", f":{self.port}/")

    @asynccontextmanager
    async def counting(self, url: str) -> AsyncIterator[list[Commit]]:
        """Collects the commits that write something during the block. `url`: of a direct connection."""
        watch = self._watch = await asyncpg.connect(url)
        self._seen.clear()
        self.written = []
        try:
            yield self.written
        finally:
            self._watch = None
            await watch.close()

    def cut(self, commit: Commit, when: When) -> None:
        """Lets all connections be cut at this commit, counted from now on."""
        self._seen.clear()
        self._target = commit, when

    def mend(self) -> None:
        """Takes connections again."""
        self.is_away = False

    def begun(self, name: str) -> Commit:
        """Counts a commit that a client asks for."""
        self._seen[name] += 1
        return Commit(name, self._seen[name])

    def is_to_cut(self, commit: Commit, when: When) -> bool:
        """Whether this is where to cut."""
        return self._target == (commit, when)

    async def newest_write(self) -> int:
        """Grows with each transaction that has written something. Always 0 while nothing is counted."""
        if self._watch is None:
            return 0
        async with self._looking:
            return int(await self._watch.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))

    def fail(self) -> None:
        """Cuts all connections off, and takes none until `mend`."""
        self.is_away, self._target = True, None
        self.cuts += 1
        self._cut_all()

    def _cut_all(self) -> None:
        for talk in self._talks:
            talk.end()

    async def _take(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.is_away:
            client.transport.abort()
            return
        with suppress(OSError, EOFError):
            await self._talk(reader, client)
        client.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        greeting = await _greeting(reader, client)
        up, server = await asyncio.open_connection("127.0.0.1", self._server_port)
        server.write(greeting)
        talk = _Talk(self, client, server)
        self._talks.add(talk)
        pumps = [
            asyncio.ensure_future(talk.from_client(_Messages(reader))),
            asyncio.ensure_future(talk.from_server(_Messages(up))),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._talks.discard(talk)
            talk.end()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def _greeting(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> bytes:
    """The first message of a client, which has no type. TLS is declined."""
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!ii", head)
        if code != _SSL_REQUEST:
            return head + await reader.readexactly(length - 8)
        client.write(b"N")
        await client.drain()
