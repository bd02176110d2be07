"""Several things that are due, each done by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence


async def each[Due, Done](
    due: Sequence[Due], work: Callable[[Due], Awaitable[Done]], *, at_once: int
) -> list[Done]:
    """Does `work` for each of `due`, so many `at_once`; gives what came of it, in their order.

    Whoever fails keeps none of the others from their turn. Raises: the first failure, after the last turn.
    """
    places = asyncio.Semaphore(at_once)

    async def one(it: Due) -> Done:
        async with places:
            return await work(it)

    turns = [asyncio.ensure_future(one(it)) for it in due]
    await asyncio.gather(*turns, return_exceptions=True)
    return [turn.result() for turn in turns]
