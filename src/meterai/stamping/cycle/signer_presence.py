"""Whether a signer can sign now. Workers ask before they claim jobs.

A worker without a signer leaves them to others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from meterai.kernel.refusals import Refusal
from meterai.stamping.ports import Signer

log = structlog.get_logger(__name__)
_KNOWN_SECONDS: Final = 1.0


class SignerPresence:
    """Asks the signers once a second at most. `monotonic` returns seconds from any start."""

    def __init__(self, signer: Signer, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._signer, self._monotonic = signer, monotonic
        self._known_until = 0.0
        self._trouble = ""
        self._asking = asyncio.Lock()

    async def is_there(self) -> bool:
        """Whether one of the signers answers and has a key that signs."""
        async with self._asking:
            if self._monotonic() >= self._known_until:
                await self._look()
                self._known_until = self._monotonic() + _KNOWN_SECONDS
        return not self._trouble

    async def _look(self) -> None:
        before = self._trouble
        try:
            await self._signer.ping()
            self._trouble = ""
        except Refusal as refusal:
            self._trouble = refusal.code
        if self._trouble != before:
            if self._trouble:
                log.warning("stamping.no_signer", code=self._trouble)
            else:
                log.info("stamping.signer_is_back", code=before)
