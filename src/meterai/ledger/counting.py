"""What is free in an account is counted before it is reserved; somebody may take of it in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meterai.kernel.refusals import Refusal

_COUNTS_MAX = 5


async def counted_anew[T](reserve: Callable[[], Awaitable[T]]) -> T:
    """Has `reserve` count what is free, choose and reserve; once more when it was taken meanwhile, so that
    who came second gets what is left, or reads how much that is.

    Raises: what `reserve` raises; Refusal CONFLICT `ledger.insufficient` when others take of it as fast as it
    counts.
    """
    for count in range(1, _COUNTS_MAX + 1):
        try:
            return await reserve()
        except Refusal as refusal:
            if refusal.code != "ledger.insufficient" or count == _COUNTS_MAX:
                raise
    raise AssertionError
