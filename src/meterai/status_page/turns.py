"""What the process does again and again: ask the service, look from outside, write the files."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import structlog

from meterai.kernel.clock import Clock
from meterai.kit.http.role_port import NotReady
from meterai.status_page.core_answer import AsksCore, CoreAnswer
from meterai.status_page.history import History
from meterai.status_page.memory import read_memory, write_memory
from meterai.status_page.notice import NoticeFile
from meterai.status_page.output import ChangedFiles
from meterai.status_page.pages import Facts, Now, make_files
from meterai.status_page.probe.run import Run
from meterai.texts.status_page import Component, Health

log = structlog.get_logger(__name__)
ASK_S: Final = 5.0
"""How often the service is asked for its news: they reach people within ten seconds."""
_COVERS: Final = 1.5
"""Intervals of looks. A look covers the time since the one before it, up to this. Older time is unknown."""


class LooksFromOutside(Protocol):
    """Looks at every component from outside."""

    @property
    def last_run(self) -> Run | None:
        """The last purchase of the probe."""
        ...

    async def look(self, core: CoreAnswer | None, lines: tuple[str, ...]) -> dict[Component, Health]:
        """The health of each component. It never raises."""
        ...


class Turns:
    """The status page of one service."""

    def __init__(
        self,
        core: AsksCore,
        looks: LooksFromOutside,
        output: ChangedFiles,
        *,
        facts: Facts,
        folder: Path,
        notice: NoticeFile,
        clock: Clock,
        look_every: timedelta,
    ) -> None:
        self._core, self._looks, self._output, self._facts = core, looks, output, facts
        self._folder, self._notice, self._clock, self._every = folder, notice, clock, look_every
        self._history = History(folder / "days", clock())
        self._memory = read_memory(folder)
        self._answer: CoreAnswer | None = None
        self._looked: datetime | None = None
        self._looking: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._is_written = False

    async def run(self, stop: asyncio.Event) -> None:
        """Goes on until `stop`. Nothing that fails outside ends it."""
        while not stop.is_set():
            await self.turn()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), ASK_S)
        if self._looking is not None:
            self._looking.cancel()

    async def turn(self) -> None:
        """Asks the service, begins a look when one is due, and writes the files."""
        before, self._answer = self._answer, await self._core.ask()
        self._memory.note_core(self._answer, self._clock())
        is_back = before is None and self._answer is not None  # what was seen just now is no longer true
        if self._is_due(at_once=is_back):
            self._looking = asyncio.create_task(self._look())
        await self.write()

    async def looked(self) -> None:
        """Waits for the look that goes on, if one does."""
        if self._looking is not None:
            await self._looking

    async def write(self) -> None:
        """Writes all files that changed."""
        async with self._writing:
            at = self._clock()
            now = Now(at=at, memory=self._memory, history=self._history, notice=self._notice.now(at))
            try:
                await self._output.write(make_files(now, self._facts))
                self._is_written = True
            except OSError as error:
                self._is_written = False
                log.error("status_not_written", reason=str(error))

    async def refuse_unwritten(self) -> None:
        """Raises: NotReady when the files could not be written the last time."""
        if not self._is_written:
            raise NotReady("the files can't be written")

    def _is_due(self, *, at_once: bool) -> bool:
        if self._looking is not None and not self._looking.done():
            return False
        return at_once or self._looked is None or self._clock() - self._looked >= self._every

    async def _look(self) -> None:
        before, self._looked = self._looked, self._clock()
        known = self._memory.core
        lines = tuple(known.lines) if known else ()
        healths = await self._looks.look(self._answer, lines)
        now = self._clock()
        self._memory.note_healths(healths, now)
        self._memory.probe = self._looks.last_run
        try:
            if before is not None:
                since = max(before, now - self._every * _COVERS)
                self._history.add(healths, since=since, until=self._looked)
            write_memory(self._folder, self._memory)
        except OSError as error:
            log.error("status_not_kept", reason=str(error))
        await self.write()
