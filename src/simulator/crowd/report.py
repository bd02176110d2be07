"""How a crowd that was asked for figures ends: one JSON object, or one sentence that says what is missing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import msgspec
import uvloop

from meterai.kit import garbage_collection
from simulator.crowd.service import ServiceMissing


class NotMeasured(Exception):
    """As things stand nothing can be measured; the text says what to do."""


async def ended_by_signals[T](work: Coroutine[Any, Any, T]) -> T:
    """Does it; SIGTERM and SIGHUP cancel it, so that it lets go of what it holds."""
    task = asyncio.current_task()
    assert task is not None
    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    return await work


def report(measuring: Coroutine[Any, Any, msgspec.Struct]) -> None:
    """Runs it to its end and prints the result. Exits with 1 and a sentence when no service runs, or
    nothing can be measured; with 2 when a signal ends it.

    The crowd shares the processor with the service. Phones elsewhere take the core from nobody: nor does it.
    """
    garbage_collection.settle()
    try:
        result = uvloop.run(ended_by_signals(measuring))
    except asyncio.CancelledError:
        sys.exit(2)
    except (ServiceMissing, NotMeasured) as error:
        sys.exit(str(error))
    print(msgspec.json.encode(result).decode(), flush=True)
