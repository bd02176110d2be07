"""Reserves what was counted as free, and counts again when somebody took some of it in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meterai.kernel.refusals import Refusal

_COUNTS_MAX = 5


async def retry_with_new_count[T](reserve: Callable[[], Awaitable[T]]) -> T:
    """Runs `reserve`, which counts, chooses and reserves; runs it again when others took some meanwhile.

    So the second comer gets what is left, or is told how much that is.

    Raises: what `reserve` raises; Refusal CONFLICT `ledger.insufficient` when others take as fast as it
    counts.
    """
    for count in range(1, _COUNTS_MAX + 1):
        try:
            return await reserve()
        except Refusal as refusal:
            if refusal.code != "ledger.insufficient" or count == _COUNTS_MAX:
                raise
    raise AssertionError
