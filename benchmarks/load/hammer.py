"""Many kept connections that ask again as soon as they are answered: load for one server on this machine."""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) .*?\r\ncontent-length: (\d+)\r\n", re.S | re.I)


@dataclass(slots=True)
class Hammer:
    """`count` requests to 127.0.0.1:`port`. `ask(n)` makes one, `take(status, answer)` sees the answer."""

    port: int
    count: int
    ask: Callable[[int], bytes]
    take: Callable[[int, bytes], None]
    connections: int = 64
    asked: int = 0
    answered: int = 0
    lost: int = 0
    seconds: float = 0.0
    times: array[float] = field(default_factory=lambda: array("d"))
    """Seconds from each request to its answer."""

    async def run(self) -> None:
        """Until all are answered or lost."""
        loop = asyncio.get_running_loop()
        begun = time.monotonic()
        arms = []
        for _ in range(min(self.connections, self.count)):
            ended: asyncio.Future[None] = loop.create_future()
            await loop.create_connection(lambda ended=ended: _Arm(self, ended), "127.0.0.1", self.port)  # type: ignore[misc]
            arms.append(ended)
        await asyncio.gather(*arms)
        self.seconds = time.monotonic() - begun

    def quantile_ms(self, part: float) -> float:
        """Milliseconds within which this part of the requests was answered."""
        ordered = sorted(self.times)
        return round(ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000, 2) if ordered else 0.0


class _Arm(asyncio.Protocol):
    """One connection."""

    def __init__(self, hammer: Hammer, ended: asyncio.Future[None]) -> None:
        self._hammer = hammer
        self._ended = ended
        self._buffer = b""
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._hammer.lost += 1
            self._ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        found = _HEAD.match(self._buffer)
        if found is None:
            return
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or len(self._buffer) < end + 4 + int(found[2]):
            return
        answer, self._buffer = self._buffer, b""
        hammer = self._hammer
        hammer.answered += 1
        hammer.times.append(time.perf_counter() - self._since)
        hammer.take(int(found[1]), answer)
        self._ask()

    def _ask(self) -> None:
        hammer = self._hammer
        if hammer.asked >= hammer.count:
            if not self._ended.done():
                self._ended.set_result(None)
            self._transport.close()
            return
        number = hammer.asked
        hammer.asked += 1
        self._since = time.perf_counter()
        self._transport.write(hammer.ask(number))
