"""Checks every signature against the key's certificate, and stops a device that makes wrong ones."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from cryptography import x509

from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.signer.private_keys.software_key import OpenKey, signature_holds

log = structlog.get_logger(__name__)

WRONG_MAX: Final = 3
"""Number of wrong signatures, within the time below, after which signing stops until a person has looked."""
WRONG_WITHIN_SECONDS: Final = 600.0

ThrowSwitch = Callable[[str], Awaitable[None]]
"""Throws the stop switch, for the given reason."""


class FaultAlarm:
    """Counts wrong signatures of all keys and throws the stop switch when there are too many."""

    def __init__(self, throw_switch: ThrowSwitch) -> None:
        self._throw_switch = throw_switch
        self._seen: deque[float] = deque(maxlen=WRONG_MAX)

    async def wrong_signature(self, key_id: str) -> None:
        """Counts a wrong signature, which is refused in any case. Raises: what the switch raises."""
        log.critical("key.wrong_signature", key_id=key_id)
        self._seen.append(time.monotonic())
        if len(self._seen) == WRONG_MAX and self._seen[-1] - self._seen[0] <= WRONG_WITHIN_SECONDS:
            self._seen.clear()
            await self._throw_switch(f"key {key_id} gave {WRONG_MAX} wrong signatures")
            log.critical("signer.stopped_by_itself", key_id=key_id)


class CheckedKey:
    """A key that verifies each signature with its certificate (0.03 ms) before returning it.

    Catches a flipped bit, a signature by another key, and an answer to another request. The use is counted as
    usual. The job asks again and gets another session.
    """

    def __init__(self, inner: OpenKey, alarm: FaultAlarm) -> None:
        self.inner = inner
        self.key_id = inner.key_id
        self.certificates = inner.certificates
        self.algorithm = inner.algorithm
        self._alarm = alarm
        self._public = x509.load_der_x509_certificate(inner.certificates[0]).public_key()

    @property
    def attempts(self) -> int:
        """Attempts of the device since its start."""
        return self.inner.attempts

    async def sign(self, digest: bytes) -> bytes:
        """Signs a SHA-256 digest. Raises: Refusal UNAVAILABLE `key.wrong_signature`, `key.unavailable`."""
        signature = await self.inner.sign(digest)
        if not signature_holds(self._public, signature, digest):
            self.inner.renew()
            await self._alarm.wrong_signature(self.key_id)
            raise Refusal(Kind.UNAVAILABLE, "key.wrong_signature", key_id=self.key_id)
        return signature
