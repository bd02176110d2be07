"""Turns at a pool of jails: round robin over networks, and within a network over its visitors.

A network that sends many files, or heavy ones, waits behind the first file of everybody else.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meterai.jail.queueing.callers import Caller
from meterai.kernel.refusals import Kind, Refusal

type _Turn = asyncio.Future[None]
type _Line = OrderedDict[str, deque[_Turn]]
"""Those who wait in one line, by visitor."""


class Turns:
    """Lets `slots` jobs run at once; at most `waiting_max` wait."""

    def __init__(self, slots: int, waiting_max: int) -> None:
        self._free = slots
        self._waiting_max = waiting_max
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Context in which a job of `caller` may run. Waits for the turn first.

        Raises: Refusal BUSY `jail.busy` when too many wait. Then the longest line gives way, with its newest
        job.
        """
        if self.waiting >= self._waiting_max:
            self._make_room(caller)
        await self._take(caller)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, caller: Caller) -> None:
        if self._free and not self.waiting:
            self._free -= 1
            return
        turn: _Turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(caller.line, OrderedDict()).setdefault(caller.visitor, deque()).append(turn)
        self.waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_back()  # it came in the moment of being cancelled
            else:
                self._leave(caller, turn)
            raise

    def _give_back(self) -> None:
        while self._lines:
            turn = self._next()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _next(self) -> _Turn:
        """Takes the next one out of the lines. Its network and its visitor go to the end."""
        name, line = self._lines.popitem(last=False)
        visitor, turns = line.popitem(last=False)
        turn = turns.popleft()
        self.waiting -= 1
        if turns:
            line[visitor] = turns
        if line:
            self._lines[name] = line
        return turn

    def _make_room(self, caller: Caller) -> None:
        longest = max(self._lines, key=self._length, default="")
        if self._length(longest) <= self._length(caller.line):
            raise Refusal(Kind.BUSY, "jail.busy")
        line = self._lines[longest]
        visitor = max(line, key=lambda name: len(line[name]))
        turn = line[visitor][-1]
        self._leave(Caller(longest, visitor), turn)
        if not turn.done():
            turn.set_exception(Refusal(Kind.BUSY, "jail.busy"))

    def _length(self, name: str) -> int:
        return sum(map(len, self._lines.get(name, {}).values()))

    def _leave(self, caller: Caller, turn: _Turn) -> None:
        line = self._lines.get(caller.line, OrderedDict())
        turns = line.get(caller.visitor, deque())
        if turn not in turns:  # taken out already
            return
        turns.remove(turn)
        self.waiting -= 1
        if not turns:
            del line[caller.visitor]
        if not line:
            del self._lines[caller.line]
