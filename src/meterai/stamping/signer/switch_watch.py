"""Follows the stop switch and the register of keys, for all that signs."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.stop_switches import SEALING_STOPPED, is_thrown
from meterai.stamping.signer.private_keys.key_ring import KeyRing

SWITCH_SECONDS_MAX: Final = 1.0
"""Largest age of the answer about the stop switch."""


class SwitchWatch:
    """Knows the stop switch as it was at most a second ago, and keeps the ring of keys as old."""

    def __init__(self, db: Database, keys: KeyRing, clock: Clock) -> None:
        self._db = db
        self._keys = keys
        self._clock = clock
        self._asking = asyncio.Lock()
        self.stopped = True
        self._known_until = 0.0

    async def refuse_if_stopped(self) -> None:
        """Refuses to sign while the stop switch is thrown or can't be read.

        Raises: Refusal UNAVAILABLE `sealing.stopped`.
        """
        await self.look()
        if self.stopped:
            raise Refusal(Kind.UNAVAILABLE, "sealing.stopped")

    async def look(self) -> None:
        """Reads the stop switch and the register of keys, unless that was done a moment ago."""
        if time.monotonic() < self._known_until:
            return
        async with self._asking:
            if time.monotonic() < self._known_until:
                return
            async with self._db.connection() as connection:
                self.stopped = await is_thrown(connection, SEALING_STOPPED)
                await self._keys.refresh(connection, self._clock())
            self._known_until = time.monotonic() + SWITCH_SECONDS_MAX

    def forget(self) -> None:
        """Makes the next look read again: the alarm may have thrown the switch."""
        self._known_until = 0.0
