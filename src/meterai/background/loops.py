"""Loops that do what is due: quickly while there is work, seldom while there is none. They never give up.

Loops that work on the outbox sleep until a common look into it finds work: see `topics.watch`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog
from prometheus_client import Counter

from meterai.kernel.refusals import Refusal
from meterai.kit.database import log_trouble

log = structlog.get_logger(__name__)

_DONE = Counter("meterai_loop_done", "What loops of this process have done.", ["loop"])
_FAULTS = Counter("meterai_loop_faults", "Turns of loops that failed.", ["loop"])

_TROUBLE_SECONDS_MAX = 5.0
_TOLD_AGAIN_SECONDS = 60.0
"""How often the same trouble of a loop is logged: an outage must not push all else out of the log."""


class Bell:
    """Ends the pause of one of the loops that wait for it. Rung while none waits, it ends the next pause."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._rung = False

    def ring(self) -> None:
        """Wakes the loop that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # its pause may have ended, and its loop not gone on yet
                turn.set_result(None)
                return
        self._rung = True

    async def wait(self) -> None:
        """Returns when the bell is rung."""
        if self._rung:
            self._rung = False
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # a ring in that moment took it away
                    self._waiting.remove(turn)
            else:  # rung in the moment of being cancelled: it is for the next one
                self.ring()
            raise


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """Work that is repeated."""

    name: str
    work: Callable[[], Awaitable[int]]
    """Does what is due and returns how much that was."""
    busy_s: float = 0.0
    """Pause after a turn that found work."""
    idle_s: float = 0.25
    """Pause after a turn that found none."""
    bell: Bell | None = None
    """Ends a pause early."""
    is_new_work: bool = False
    """Begins only when the worker has taken up what an outage left behind (`recovery.py`)."""
    full: int | None = None
    """A turn that did at least this much is followed by the next without a pause."""


class Counts(msgspec.Struct):
    """How much a loop has done."""

    done: int = 0
    faults: int = 0


async def run_loop(loop: Loop, stop: asyncio.Event, counts: Counts) -> None:
    """One loop. After an error it pauses, longer each time; the work stays due."""
    trouble_s, trouble = 0.0, _Trouble(loop.name)
    while not stop.is_set():
        try:
            done = await loop.work()
            counts.done += done
            _DONE.labels(loop.name).inc(done)
            pause, trouble_s = _pause_after(loop, done), 0.0
            trouble.over()
        except Exception as error:
            counts.faults += 1
            _FAULTS.labels(loop.name).inc()
            trouble_s = min(_TROUBLE_SECONDS_MAX, max(loop.idle_s, trouble_s * 2))
            pause = trouble_s
            trouble.tell(error)
        await _pause(loop.bell, stop, pause)


def _pause_after(loop: Loop, done: int) -> float:
    if loop.full is not None and done >= loop.full:
        return 0.0
    return loop.busy_s if done else loop.idle_s


async def _pause(bell: Bell | None, stop: asyncio.Event, seconds: float) -> None:
    if stop.is_set():
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await (stop if bell is None else bell).wait()


class _Trouble:
    """Logs a loop's trouble: when it begins, changes or lasts, and when it is over."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._since = self._told_at = 0.0
        self._told = ""

    def tell(self, error: Exception) -> None:
        now, what = time.monotonic(), error.code if isinstance(error, Refusal) else type(error).__name__
        self._since = self._since or now
        if what == self._told and now < self._told_at + _TOLD_AGAIN_SECONDS:
            return
        self._told, self._told_at = what, now
        if isinstance(error, Refusal):
            log.warning("worker.refused", loop=self._name, code=what)
        else:
            log_trouble(log, error, outage="worker.unavailable", fault="worker.fault", loop=self._name)

    def over(self) -> None:
        if self._since:
            log.info("worker.goes_on", loop=self._name, after_s=round(time.monotonic() - self._since, 1))
            self._since, self._told = 0.0, ""
