"""Does work for many items, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence


async def gather_bounded[Due, Done](
    due: Sequence[Due], work: Callable[[Due], Awaitable[Done]], *, at_once: int
) -> list[Done]:
    """Runs `work` for each item of `due`, at most `at_once` at a time. Returns the results in order.

    One failure does not stop the others. Raises: the first failure, at the end.
    """
    places = asyncio.Semaphore(at_once)

    async def one(it: Due) -> Done:
        async with places:
            return await work(it)

    turns = [asyncio.ensure_future(one(it)) for it in due]
    await asyncio.gather(*turns, return_exceptions=True)
    return [turn.result() for turn in turns]
