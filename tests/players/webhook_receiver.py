"""A partner's server that takes webhooks, well or badly. The path says how."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple


class Got(NamedTuple):
    """A request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Monotonic seconds."""


class Receiver:
    """Answers 204 to `/ok...`, the status to `/STATUS...`, and misbehaves at other paths.

    - `/hang`: reads the request and never answers
    - `/drip`: sends its head one byte each second
    - `/flood`: answers 200 and sends without end
    - `/heads`: answers with a head of a megabyte
    - `/cut`: closes the connection
    - `/away`: answers 302 to `redirect_to`
    - `/slow`: answers 429 and asks for a pause of ten minutes
    """

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.base = ""
        self.redirect_to = ""
        self.writers: list[asyncio.StreamWriter] = []
        self.now_ok: set[str] = set()
        """Paths that are well again."""
        self.sent = 0
        """Bytes that went out to `/flood` and `/heads`."""

    def at(self, path: str) -> list[Got]:
        """The requests for a path."""
        return [one for one in self.got if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        self.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append(Got(path, headers, body, time.monotonic()))
        return await self._answer("ok" if path in self.now_ok else path.split("/")[1], writer)

    async def _answer(self, how: str, writer: asyncio.StreamWriter) -> bool:
        match how:
            case "ok":
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            case "hang":
                await asyncio.sleep(3_600)
            case "drip":
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                    writer.write(bytes([byte]))
                    await asyncio.sleep(1)
            case "flood":
                await self._send(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", 1 << 30)
            case "heads":
                await self._send(writer, b"HTTP/1.1 200 OK\r\nX: ", 1 << 20)
            case "cut":
                return False
            case "away":
                writer.write(f"HTTP/1.1 302 Found\r\nLocation: {self.redirect_to}\r\n\r\n".encode())
                return False
            case "slow":
                writer.write(b"HTTP/1.1 429 Slow\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n")
            case _:
                writer.write(f"HTTP/1.1 {how} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        return True

    async def _send(self, writer: asyncio.StreamWriter, head: bytes, size: int) -> None:
        writer.write(head)
        for _ in range(size >> 16):
            writer.write(b"x" * (1 << 16))
            await writer.drain()
            self.sent += 1 << 16


@asynccontextmanager
async def running_receiver(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, host, port, limit=1 << 20)
    receiver.base = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        for writer in receiver.writers:
            writer.close()
