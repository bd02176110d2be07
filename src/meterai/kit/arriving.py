"""What is on its way to us: how much of it a process keeps at a time, and how slowly it may come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from meterai.kernel.errors import Kind, Refusal

ARRIVING_BYTES_MAX = 256 << 20
"""A process takes seven uploads a second (docs/benchmarks.md). If one in ten has 10 MB and needs 40 s, and
the others have 500 kB and need 10 s, it keeps 160 MB at a time: of each the half, on average."""
PATIENCE_S = 60.0
SPEED_MIN = 500.0
"""Bytes a second: half of what the slowest phone (GPRS) sends. Nobody is more than `PATIENCE_S` behind it."""


class Room:
    """How much may be kept of all that is arriving.

    Where it is too much the largest is let go, whoever came last: a few that send much and stand still then
    keep nobody out who sends less.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._kept = 0
        self._arriving: set[Arriving] = set()

    def add(self, one: Arriving) -> None:
        """Something begins to arrive."""
        self._arriving.add(one)

    def remove(self, one: Arriving) -> None:
        """It is here, or will never be."""
        self._arriving.discard(one)
        self._kept -= one.kept
        one.kept = 0

    def keep(self, one: Arriving, count: int) -> None:
        """So many bytes more of it are kept."""
        one.kept += count
        self._kept += count
        while self._kept > self._bytes_max:
            largest = max(self._arriving, key=lambda other: other.kept)
            self.remove(largest)
            largest.let_go()


ROOM = Room(ARRIVING_BYTES_MAX)
"""That of this process."""


class Arriving:
    """One body that is arriving. Once it `is_let_go` nothing of it is kept; it is read to its end all the
    same, for a browser shows no answer before."""

    def __init__(self, room: Room, forget: Callable[[], None], patience: asyncio.Timeout) -> None:
        self.kept = 0
        self.is_let_go = False
        self._room = room
        self._forget = forget
        self._patience = patience

    def came(self, count: int) -> None:
        """So many bytes have come."""
        due, now = self._patience.when(), asyncio.get_running_loop().time()
        assert due is not None
        self._patience.reschedule(min(due + count / SPEED_MIN, now + PATIENCE_S))

    def keep(self, count: int) -> None:
        """So many bytes are kept, or fewer when it is less than nothing. May let this one go."""
        self._room.keep(self, count)

    def let_go(self) -> None:
        """Forgets what was kept."""
        self.is_let_go = True
        self._forget()


@asynccontextmanager
async def arriving(room: Room, forget: Callable[[], None]) -> AsyncIterator[Arriving]:
    """While a body arrives; `forget` lets go of what was kept of it.

    Raises: Refusal INVALID `form.unreadable` when it comes too slowly; at the end BUSY `form.busy` when it
    was let go.
    """
    try:
        async with asyncio.timeout(PATIENCE_S) as patience:
            one = Arriving(room, forget, patience)
            room.add(one)
            try:
                yield one
            finally:
                room.remove(one)
    except TimeoutError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None
    if one.is_let_go:
        raise Refusal(Kind.BUSY, "form.busy")


async def read_body(chunks: AsyncIterator[bytes], room: Room = ROOM) -> bytes:
    """A whole body. Raises: as `arriving`."""
    kept = bytearray()
    async with arriving(room, kept.clear) as one:
        async for chunk in chunks:
            one.came(len(chunk))
            if not one.is_let_go:
                kept += chunk
                one.keep(len(chunk))
    return bytes(kept)
