"""A TCP proxy that makes a link slow: limited bytes per second and a delay, each way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

_PIECE: Final = 2048


@dataclass(slots=True)
class SlowLink:
    """What has passed. `port`: where the proxy listens on 127.0.0.1."""

    bytes_per_second: int
    delay_s: float
    port: int = 0
    connections: int = 0
    passed: int = 0
    """Bytes, both ways."""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes on what comes, late and slowly, until an end closes."""
        with suppress(ConnectionError):
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(self.delay_s + len(piece) / self.bytes_per_second)
                writer.write(piece)
                await writer.drain()
                self.passed += len(piece)
        writer.close()


@asynccontextmanager
async def slow_link(port: int, *, bytes_per_second: int, delay_s: float) -> AsyncIterator[SlowLink]:
    """A slow link to 127.0.0.1:`port`."""
    link = SlowLink(bytes_per_second, delay_s)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link.connections += 1
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(link.carry(reader, there[1]), link.carry(there[0], writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
