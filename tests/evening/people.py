"""The people of the evening, who come by themselves while an officer works."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from chaos.people import SteadyCrowd
from simulator.crowd.service import Service
from simulator.rehearsal.crowd import Crowd
from simulator.rehearsal.patience import PatientApplicant

_FINISHES_WITHIN_S = 120.0


@dataclass(slots=True)
class Applicants(SteadyCrowd):
    """People who want to apply for CASN: they stand in line when the site sends them there."""

    def _person(self, number: int) -> PatientApplicant:
        person = Crowd._person(self, number)
        person.only_if_asked = True
        person.wait_seconds_max = _FINISHES_WITHIN_S
        return person


@dataclass(slots=True)
class Evening:
    """Runs a crowd beside Playwright's own loop. `crowd.counts` says what became of people."""

    crowd: Applicants
    _thread: threading.Thread = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _coming: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, service: Service, paper: bytes, *, per_second: float) -> Self:
        """People who come at an even rate."""
        return cls(Applicants.of(service, paper, per_second=per_second, seed=7))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._loop.call_soon_threadsafe(self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._send_home(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _begin(self) -> None:
        self._coming = self._loop.create_task(self.crowd.come())

    def end(self) -> Counter[str]:
        """Lets nobody come any more, waits for those who are there, and looks after doubtful payments."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_FINISHES_WITHIN_S * 3)
        return self.crowd.counts

    async def _end(self) -> None:
        if self._coming:
            self._coming.cancel()
        await self.crowd.go_home(_FINISHES_WITHIN_S)
        await self.crowd.look_after()

    async def _send_home(self) -> None:
        left = [*self.crowd.people, *([self._coming] if self._coming else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
