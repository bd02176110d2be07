"""Loops that do what is due: quickly while there is work, seldom while there is none, never giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog

from meterai.kernel.errors import Refusal

log = structlog.get_logger(__name__)

_TROUBLE_SECONDS_MAX = 5.0


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is done again and again."""

    name: str
    work: Callable[[], Awaitable[int]]
    """Does what is due, and says how much that was."""
    busy_s: float = 0.0
    """Pause after a turn that found work."""
    idle_s: float = 0.25
    """Pause after a turn that found none."""


class Counts(msgspec.Struct):
    """What a loop did so far."""

    done: int = 0
    faults: int = 0


async def run_loop(loop: Loop, stop: asyncio.Event, counts: Counts) -> None:
    """One loop. An error costs a pause, growing while it lasts; the work stays due."""
    trouble_s = 0.0
    while not stop.is_set():
        try:
            done = await loop.work()
            counts.done += done
            pause, trouble_s = (loop.busy_s if done else loop.idle_s), 0.0
        except Exception as error:
            counts.faults += 1
            trouble_s = min(_TROUBLE_SECONDS_MAX, max(loop.idle_s, trouble_s * 2))
            pause = trouble_s
            _report(loop.name, error)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


def _report(name: str, error: Exception) -> None:
    if isinstance(error, Refusal):
        log.warning("worker.refused", loop=name, code=error.code)
    elif isinstance(error, OSError):
        log.warning("worker.unavailable", loop=name, error=type(error).__name__)
    else:
        log.error("worker.fault", loop=name, exc_info=error)
