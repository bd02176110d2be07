"""No signature leaves the key without a check against its certificate; a device that errs is stopped."""

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
"""So many wrong signatures within the time below, and nothing more is signed until a person looked."""
WRONG_WITHIN_SECONDS: Final = 600.0

ThrowSwitch = Callable[[str], Awaitable[None]]
"""Throws the stop switch, for the reason given."""


class FaultAlarm:
    """Counts wrong signatures of all keys and throws the stop switch when there are too many."""

    def __init__(self, throw_switch: ThrowSwitch) -> None:
        self._throw_switch = throw_switch
        self._seen: deque[float] = deque(maxlen=WRONG_MAX)

    async def wrong_signature(self, key_id: str) -> None:
        """Notes one. Raises: what the switch raises; the signature is refused all the same."""
        log.critical("key.wrong_signature", key_id=key_id)
        self._seen.append(time.monotonic())
        if len(self._seen) == WRONG_MAX and self._seen[-1] - self._seen[0] <= WRONG_WITHIN_SECONDS:
            self._seen.clear()
            await self._throw_switch(f"key {key_id} gave {WRONG_MAX} wrong signatures")
            log.critical("signer.stopped_by_itself", key_id=key_id)


class CheckedKey:
    """A key whose every signature is verified with its certificate (0.03 ms) before anybody gets it.

    A flipped bit, a signature by another key, a device that answers for somebody else's request: none comes
    out. The use counts as any other; the job asks again and gets another session.
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
        """Of the device, since the start."""
        return self.inner.attempts

    async def sign(self, digest: bytes) -> bytes:
        """Signs a SHA-256 digest. Raises: Refusal UNAVAILABLE `key.wrong_signature`, `key.unavailable`."""
        signature = await self.inner.sign(digest)
        if not signature_holds(self._public, signature, digest):
            self.inner.renew()
            await self._alarm.wrong_signature(self.key_id)
            raise Refusal(Kind.UNAVAILABLE, "key.wrong_signature", key_id=self.key_id)
        return signature
