"""Journeys that stop after each call until they may go on: in this process, or as clerks to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Protocol

import msgspec

from simulator.crowd.wire.clerk import Errand
from simulator.crowd.wire.journeys import MODES, Journey
from simulator.crowd.wire.memory import Memory


class Walker(Protocol):
    """A document on its way."""

    mode: str

    async def step(self) -> bool:
        """Makes one more call, and stops after it. Returns whether there are more."""

    @property
    def stamped(self) -> dict[Path, str]:
        """Its files at the end, with their serial numbers."""

    @property
    def given_up(self) -> list[str]:
        """Serial numbers that it left for others."""

    @property
    def tries(self) -> int:
        """Calls that it made again."""


class HereWalker:
    """Walks in this process. It stops after an answer was noted."""

    def __init__(self, mode: str, way: Journey) -> None:
        self.mode = mode
        self._way = way
        self._stopped, self._go = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        way.between = self._between

    async def step(self) -> bool:
        """Raises: what the journey raises."""
        if self._task is None:
            self._task = asyncio.create_task(self._way.run())
        self._go.set()
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({self._task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        self._stopped.clear()
        if self._task.done():
            stopped.cancel()
            self._task.result()
        return not self._task.done()

    @property
    def stamped(self) -> dict[Path, str]:
        return self._way.stamped

    @property
    def given_up(self) -> list[str]:
        return list(self._way.memory.get("given_up", []))

    @property
    def tries(self) -> int:
        return self._way.tries

    async def _between(self, _name: str, is_noted: bool) -> None:
        if is_noted:
            self._go.clear()
            self._stopped.set()
            await self._go.wait()


class ClerkWalker:
    """Walks in a process of its own. `after_note`: it stops after an answer was noted; else before."""

    def __init__(self, errand: Errand, *, after_note: bool) -> None:
        self.mode = errand.mode
        self._errand = errand
        self._after_note = after_note
        self._seen: set[str] = set()
        self._clerk: asyncio.subprocess.Process | None = None
        self._waits = False
        self.tries = 0

    async def step(self) -> bool:
        """Raises: RuntimeError with the clerk's words when a call fails."""
        if self._clerk is None:
            await self._start()
        if self._waits:
            self._tell(b"\n")
        while (said := await self._hear()) and "call" in said:
            name = said["call"]
            if said["noted"] == self._after_note and name not in self._seen:
                self._seen.add(name)
                self._waits = True
                return True
            self._tell(b"\n")
        if not said.get("ended"):
            raise RuntimeError(f"{self.mode}: {said.get('error', 'the client ended')}")
        self.tries += int(said["tries"])
        await self._clerk_now.wait()
        return False

    async def die(self) -> None:
        """SIGKILL. The next step begins with another clerk, which has the notes alone."""
        if self._clerk is not None:
            self._clerk.kill()
            await self._clerk.wait()
            self._clerk, self._waits = None, False

    @property
    def stamped(self) -> dict[Path, str]:
        way = MODES[self.mode](None, self._errand.desk, Memory(self._errand.memory))  # type: ignore[arg-type]
        return way.stamped

    @property
    def given_up(self) -> list[str]:
        return list(Memory(self._errand.memory).get("given_up", []))

    @property
    def _clerk_now(self) -> asyncio.subprocess.Process:
        assert self._clerk is not None
        return self._clerk

    async def _start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        words = (sys.executable, "-m", "simulator.crowd.wire.clerk")
        self._clerk = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
        self._tell(msgspec.json.encode(self._errand, enc_hook=str) + b"\n")

    def _tell(self, line: bytes) -> None:
        assert self._clerk_now.stdin is not None
        self._clerk_now.stdin.write(line)

    async def _hear(self) -> dict[str, Any]:
        assert self._clerk_now.stdout is not None
        line = await self._clerk_now.stdout.readline()
        said: dict[str, Any] = msgspec.json.decode(line) if line else {}
        return said
