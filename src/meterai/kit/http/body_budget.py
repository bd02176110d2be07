"""Limits on request bodies: how much memory they fill in a process, and how slowly they may arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from meterai.kernel.refusals import Kind, Refusal

KEPT_BYTES_MAX = 384 << 20
"""A process takes seven uploads a second (docs/benchmarks.md).

Assume that one in ten has 10 MB and needs 40 s, and the others have 500 kB and need 10 s. Then 160 MB are
arriving at a time, each body half complete on average. The rest is for 150 such uploads that have arrived and
wait for the jail.
"""
PATIENCE_S = 60.0
SPEED_MIN = 500.0
"""Bytes a second: half of what the slowest phone (GPRS) sends. A body may fall `PATIENCE_S` behind."""


class BodyBudget:
    """The memory for bodies that are arriving, and for those that have arrived until their request is
    answered.

    When it is full, the largest body that is arriving is dropped, even if another one came last. So a few
    clients that send much and then stop keep nobody out who sends less.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._kept = 0
        self._arriving: set[ArrivingBody] = set()

    def add(self, one: ArrivingBody) -> None:
        """Adds a body that begins to arrive."""
        self._arriving.add(one)

    def remove(self, one: ArrivingBody) -> None:
        """Removes a body that will never be complete, or of which nothing is kept any more."""
        self._arriving.discard(one)
        self._kept -= one.kept
        one.kept = 0

    def hold(self, one: ArrivingBody) -> None:
        """Keeps a body that has arrived until its task calls `give_back`. The current task is that of the
        request.
        """
        self._arriving.discard(one)
        if one.kept:
            task = asyncio.current_task()
            assert task is not None
            _held.setdefault(task, []).append((self, one.kept))
            task.add_done_callback(give_back)

    def free(self, count: int) -> None:
        """Frees `count` bytes of bodies that have arrived."""
        self._kept -= count

    def keep(self, one: ArrivingBody, count: int) -> None:
        """Adds `count` bytes to what is kept of a body."""
        one.kept += count
        self._kept += count
        while self._kept > self._bytes_max:
            largest = max(self._arriving, key=lambda other: other.kept)
            self.remove(largest)
            largest.drop()


PROCESS_BUDGET = BodyBudget(KEPT_BYTES_MAX)
"""The budget of this process."""
_held: dict[asyncio.Task[Any], list[tuple[BodyBudget, int]]] = {}
"""What the task of each request has read."""


def give_back(task: asyncio.Task[Any] | None) -> None:
    """Frees what a request has filled, once it is answered or has ended. A slow reader of the answer keeps
    no memory.
    """
    for budget, count in _held.pop(task, ()) if task else ():
        budget.free(count)


class ArrivingBody:
    """A body that is arriving.

    Once it `is_dropped` nothing of it is kept. It is still read to its end, because a browser shows the
    answer only then.
    """

    def __init__(self, budget: BodyBudget, forget: Callable[[], None], patience: asyncio.Timeout) -> None:
        self.kept = 0
        self.is_dropped = False
        self._room = budget
        self._forget = forget
        self._patience = patience

    def note_received(self, count: int) -> None:
        """Notes that `count` bytes have arrived."""
        due, now = self._patience.when(), asyncio.get_running_loop().time()
        assert due is not None
        self._patience.reschedule(min(due + count / SPEED_MIN, now + PATIENCE_S))

    def keep(self, count: int) -> None:
        """Keeps `count` bytes, or frees them when it is negative. This may drop the body."""
        self._room.keep(self, count)

    def drop(self) -> None:
        """Drops what was kept."""
        self.is_dropped = True
        self._forget()


@asynccontextmanager
async def arriving(budget: BodyBudget, forget: Callable[[], None]) -> AsyncIterator[ArrivingBody]:
    """Context in which a body arrives. `forget` drops what was kept of it.

    Afterwards its memory stays reserved until the request is answered: the request may wait long for the
    jail.

    Raises: Refusal INVALID `form.unreadable` when it arrives too slowly; at the end BUSY `form.busy` when it
    was dropped.
    """
    try:
        async with asyncio.timeout(PATIENCE_S) as patience:
            one = ArrivingBody(budget, forget, patience)
            budget.add(one)
            try:
                yield one
            except BaseException:
                budget.remove(one)
                raise
    except TimeoutError:
        raise Refusal(Kind.INVALID, "form.unreadable") from None
    if one.is_dropped:
        raise Refusal(Kind.BUSY, "form.busy")
    budget.hold(one)


async def read_body(chunks: AsyncIterator[bytes], budget: BodyBudget = PROCESS_BUDGET) -> bytes:
    """Reads a whole body. Raises: as `arriving`."""
    kept = bytearray()
    async with arriving(budget, kept.clear) as one:
        async for chunk in chunks:
            one.note_received(len(chunk))
            if not one.is_dropped:
                kept += chunk
                one.keep(len(chunk))
    return bytes(kept)
