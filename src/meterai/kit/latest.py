"""What each process knows of a table, read again once it is too old, whatever many ask at once."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final

import structlog

from meterai.kit.database import log_trouble

log = structlog.get_logger(__name__)
SOON_S: Final = 0.3
"""The longest wait of a page for the database. Then it shows what was known before."""


class Latest[T](ABC):
    """Knows a value. One in each process; while the database is away it keeps what it knew."""

    def __init__(self, first: T, *, is_fresh: bool = False) -> None:
        self.known = first
        self._looked_at = time.monotonic() if is_fresh else float("-inf")
        self._looking: asyncio.Task[None] | None = None

    @abstractmethod
    async def read(self) -> T:
        """Reads the value."""

    @abstractmethod
    def look_s(self) -> float:
        """How many seconds old the value may be."""

    def aged(self, known: T) -> T:
        """What is left of a value that could not be read again."""
        return known

    async def now(self) -> T:
        """The value. The same object as before unless something changed."""
        if time.monotonic() - self._looked_at >= self.look_s():
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())
            with suppress(TimeoutError):
                async with asyncio.timeout(SOON_S):
                    await asyncio.shield(self._looking)
        return self.known

    async def _look(self) -> None:
        try:
            found = await self.read()
        except Exception as error:  # whatever it is, pages go on
            log_trouble(
                log,
                error,
                outage="latest_not_looked_up",
                fault="latest_look_failed",
                what=type(self.known).__name__,
            )
            found = self.aged(self.known)
        finally:
            self._looked_at = time.monotonic()
            self._looking = None
        if found != self.known:
            self.known = found
