"""What is on its way to us, or waits here to be worked on: how much of it a process keeps at a time, and how
slowly it may come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from meterai.kernel.refusals import Kind, Refusal

KEPT_BYTES_MAX = 384 << 20
"""A process takes seven uploads a second (docs/benchmarks.md). If one in ten has 10 MB and needs 40 s, and
the others have 500 kB and need 10 s, 160 MB are on their way at a time: of each the half, on average. The
rest is for those that are here and wait for the jail: of such uploads 150."""
PATIENCE_S = 60.0
SPEED_MIN = 500.0
"""Bytes a second: half of what the slowest phone (GPRS) sends. Nobody is more than `PATIENCE_S` behind it."""


class Room:
    """How much may be kept of all that is arriving, and of what is here until its request is answered.

    Where it is too much the largest that is arriving is let go, whoever came last: a few that send much and
    stand still then keep nobody out who sends less.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._kept = 0
        self._arriving: set[Arriving] = set()

    def add(self, one: Arriving) -> None:
        """Something begins to arrive."""
        self._arriving.add(one)

    def remove(self, one: Arriving) -> None:
        """It will never be here, or nothing of it is kept any more."""
        self._arriving.discard(one)
        self._kept -= one.kept
        one.kept = 0

    def hold(self, one: Arriving) -> None:
        """It is here: the task that has read it, that of its request, keeps it until `give_back`."""
        self._arriving.discard(one)
        if one.kept:
            task = asyncio.current_task()
            assert task is not None
            _held.setdefault(task, []).append((self, one.kept))
            task.add_done_callback(give_back)

    def free(self, count: int) -> None:
        """So many bytes of what is here are kept no more."""
        self._kept -= count

    def keep(self, one: Arriving, count: int) -> None:
        """So many bytes more of it are kept."""
        one.kept += count
        self._kept += count
        while self._kept > self._bytes_max:
            largest = max(self._arriving, key=lambda other: other.kept)
            self.remove(largest)
            largest.let_go()


ROOM = Room(KEPT_BYTES_MAX)
"""That of this process."""
_held: dict[asyncio.Task[Any], list[tuple[Room, int]]] = {}
"""What the task of a request has read."""


def give_back(task: asyncio.Task[Any] | None) -> None:
    """The task's request is answered, or has ended: whoever reads the answer slowly keeps no room."""
    for room, count in _held.pop(task, ()) if task else ():
        room.free(count)


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
    """While a body arrives; `forget` lets go of what was kept of it. Then its room is kept until the
    request is answered: it may wait long for the jail.

    Raises: Refusal INVALID `form.unreadable` when it comes too slowly; at the end BUSY `form.busy` when it
    was let go.
    """
    try:
        async with asyncio.timeout(PATIENCE_S) as patience:
            one = Arriving(room, forget, patience)
            room.add(one)
            try:
                yield one
            except BaseException:
                room.remove(one)
                raise
    except TimeoutError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None
    if one.is_let_go:
        raise Refusal(Kind.BUSY, "form.busy")
    room.hold(one)


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
