"""Runs a step that books again, with a new time, when the day of its first time was closed meanwhile."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps

import structlog

from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.ledger.store import DAY_CLOSED

log = structlog.get_logger(__name__)


def on_open_day[**P, R](step: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Makes a step that is run a second time if the ledger says that its day is closed.

    A step is what opens the transaction. Refused, it has left nothing. Its argument `now` gets the time of
    the second run. A step with a clock reads it again.

    Raises: what `step` raises; Refusal UNAVAILABLE `ledger.day_closed` when the new time is of a closed day.
    """
    signature = inspect.signature(step)

    @wraps(step)
    async def at_most_twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await step(*args, **kwargs)
        except Refusal as refusal:
            if refusal.code != DAY_CLOSED:
                raise
        log.info("booked_on_next_day", step=step.__name__)
        given = signature.bind(*args, **kwargs)
        if "now" in given.arguments:
            given.arguments["now"] = system_clock()
        return await step(*given.args, **given.kwargs)

    return at_most_twice
