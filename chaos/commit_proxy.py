"""A proxy before PostgreSQL that loses the answers to COMMIT: the client can't know what became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

_COMMIT: Final = b"COMMIT"
_BYTES: Final = 65_536


@dataclass(slots=True)
class CommitProxy:
    """Passes everything on, until a client commits: then, by chance, it sends the COMMIT on, waits for the
    server's answer, and ends the connection instead of passing it on.

    `lost`: how often it did so. `most`: when it stops; it begins when that is set.
    """

    host: str
    port: int
    dice: random.Random
    most: int = 0
    lost: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Listens on a free port of 127.0.0.1 meanwhile, and returns it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.IncompleteReadError):
            theirs, ours = await asyncio.open_connection(self.host, self.port)
            cut = asyncio.Event()
            ways = [
                asyncio.create_task(self._ask(reader, ours, cut)),
                asyncio.create_task(_answer(theirs, writer, cut)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                ours.close()
        writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while data := await reader.read(_BYTES):
            if _COMMIT in data and self.lost < self.most and self.dice.random() < 0.5:
                self.lost += 1
                cut.set()
            server.write(data)
            await server.drain()


async def _answer(server: asyncio.StreamReader, client: asyncio.StreamWriter, cut: asyncio.Event) -> None:
    while data := await server.read(_BYTES):
        if cut.is_set():
            return  # the answer to COMMIT is there, and is lost here
        client.write(data)
        await client.drain()
