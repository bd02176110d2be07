"""The keys that the signer holds open: the active one, and those added for later."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.stamping.keys.signing_keys import Purpose, SigningKey, active_key
from meterai.stamping.signer.key_files import counter_path
from meterai.stamping.signer.private_keys.checked_key import CheckedKey, FaultAlarm
from meterai.stamping.signer.private_keys.key_counter import (
    CountedKey,
    CounterMismatch,
    KeyCounter,
    reconcile,
    refuse_forgotten_uses,
)
from meterai.stamping.signer.private_keys.retired_keys import RetiredKeys
from meterai.stamping.signer.private_keys.software_key import OpenKey
from meterai.stamping.signer_wire import KeyReport, UnregisteredKey
from meterai.stamping.store.keys import signing_keys

log = structlog.get_logger(__name__)

UNFIT_AGAIN_SECONDS = 5.0
"""Seconds until a key that could not be opened is tried again."""

LAST_MINUTES = timedelta(minutes=6)
"""Time at the end of a key's validity in which it no longer signs.

A seal's time stamp is made after its signature, by a clock that may be five minutes ahead of ours. With a
time after the certificate's end, the stamp would count as forged.
"""

OpenDevice = Callable[[SigningKey], Awaitable[OpenKey]]
"""Opens the device of a registered key. Raises: ValueError, OSError: a person must look."""


@dataclass(frozen=True, slots=True)
class _Held:
    device: OpenKey
    counted: CountedKey


class KeyRing:
    """Open keys that follow the register: those of this signer. Call `refresh` before `active`."""

    def __init__(
        self,
        open_device: OpenDevice,
        counters: Path,
        alarm: FaultAlarm,
        *,
        signer: str = "",
        unregistered: Sequence[SigningKey] = (),
    ) -> None:
        """`counters`: folder of the counter files and of the marks of retired keys. `signer`: its name.

        `unregistered`: keys to use while the register is empty.
        """
        self._open_device = open_device
        self._counters = counters
        self._alarm = alarm
        self._signer = signer
        self._unregistered = list(unregistered)
        self._retired = RetiredKeys(counters)
        self._known: list[SigningKey] = []
        self._held: dict[str, _Held] = {}
        self._in_use: Counter[str] = Counter()
        self._unfit: dict[str, tuple[str, float]] = {}

    async def refresh(self, conn: Connection, now: datetime) -> None:
        """Reads the register again, opens new keys, and closes retired keys that are not in use.

        Keys are retired by the register, or by the signer's own mark. A key that can't be opened is noted and
        tried again later: see `problem_of`.
        """
        self._known = await signing_keys(conn) or self._unregistered
        await self._retired.follow(self._known)
        for key in self._own():
            if self._retired.trouble_of(key):
                if key.key_id in self._held and not self._in_use[key.key_id]:
                    await self._let_go(key.key_id)
            elif key.key_id not in self._held:
                await self._hold(conn, key, now)

    async def check_start(self, conn: Connection, now: datetime) -> None:
        """Checks at the start that the active keys can be opened, and that no other key's uses are forgotten.

        Raises: CounterMismatch.
        """
        for purpose in get_args(Purpose):
            key = active_key(self._known, now, purpose, signer=self._signer)
            if key is not None and self.problem_of(key.key_id):
                raise CounterMismatch(self.problem_of(key.key_id))
        await refuse_forgotten_uses(conn, self._counters, self._retired.forgotten(self._known))

    def active(self, now: datetime, purpose: Purpose = "seal") -> CountedKey:
        """Returns the key that signs now for this purpose.

        Raises: Refusal UNAVAILABLE `key.none`, `key.marked` (retired; the register forgot it), `key.expired`
        (or about to be), or `key.unavailable` while its device is away. No attempt needs to be spent then.
        """
        key = active_key(self._known, now, purpose, signer=self._signer)
        if key is None:
            raise Refusal(Kind.UNAVAILABLE, "key.none")
        if key.key_id in self._retired:
            raise Refusal(Kind.UNAVAILABLE, "key.marked", key_id=key.key_id)
        if not key.valid(now) or not key.valid(now + LAST_MINUTES):
            raise Refusal(Kind.UNAVAILABLE, "key.expired", key_id=key.key_id)
        held = self._held.get(key.key_id)
        if held is None or held.device.trouble:
            reason = held.device.trouble if held else self.problem_of(key.key_id)
            raise Refusal(Kind.UNAVAILABLE, "key.unavailable", key_id=key.key_id, reason=reason)
        return held.counted

    @contextmanager
    def in_use(self, now: datetime, purpose: Purpose = "seal") -> Iterator[CountedKey]:
        """Holds the active key open during the block, so that its counter stays in step with the register.

        Raises: what `active` raises.
        """
        key = self.active(now, purpose)
        self._in_use[key.key_id] += 1
        try:
            yield key
        finally:
            self._in_use[key.key_id] -= 1

    def held(self) -> list[CountedKey]:
        """All open keys, with the active one."""
        return [held.counted for held in self._held.values()]

    def problem_of(self, key_id: str) -> str:
        """Why a registered key could not be opened, in words; empty if it could."""
        return self._unfit[key_id][0] if key_id in self._unfit else ""

    def reports(self, now: datetime) -> list[KeyReport]:
        """Reports the state of each registered key of this signer."""
        active = [active_key(self._known, now, purpose, signer=self._signer) for purpose in get_args(Purpose)]
        return [
            KeyReport(
                key_id=key.key_id,
                certificate=key.certificates[0],
                active=key in active,
                purpose=key.purpose,
                trouble=self._trouble_of(key),
                marked=key.key_id in self._retired,
                retired_at=self._retired.retired_at(key.key_id),
            )
            for key in self._own()
        ]

    def certificates(self, purpose: Purpose = "seal") -> dict[str, bytes]:
        """The certificate (DER) of each registered key for this purpose, also of other signers, by key id."""
        return {key.key_id: key.certificates[0] for key in self._known if key.purpose == purpose}

    def unregistered(self) -> list[UnregisteredKey]:
        """The keys that were used or retired here, and that the register does not know."""
        return self._retired.unregistered(self._known)

    def _own(self) -> list[SigningKey]:
        """The keys in the register that this signer may use."""
        return [key for key in self._known if key.signer == self._signer]

    async def close(self) -> None:
        """Closes all keys."""
        for key_id in list(self._held):
            await self._let_go(key_id)

    def _trouble_of(self, key: SigningKey) -> str:
        if retired := self._retired.trouble_of(key):
            return retired
        held = self._held.get(key.key_id)
        return held.device.trouble if held else self.problem_of(key.key_id)

    async def _hold(self, conn: Connection, key: SigningKey, now: datetime) -> None:
        before, again_at = self._unfit.get(key.key_id, ("", 0.0))
        if time.monotonic() < again_at:
            return
        try:
            device = await self._open_device(key)
            await self._count(conn, device, now)
        except (CounterMismatch, ValueError, OSError) as error:
            if str(error) != before:
                log.error("key.not_opened", key_id=key.key_id, reason=str(error)[:300])
            self._unfit[key.key_id] = (str(error), time.monotonic() + UNFIT_AGAIN_SECONDS)
        else:
            self._unfit.pop(key.key_id, None)

    async def _count(self, conn: Connection, device: OpenKey, now: datetime) -> None:
        counter: KeyCounter | None = None
        try:
            counter = KeyCounter(counter_path(self._counters, device.key_id))
            counted = CountedKey(CheckedKey(device, self._alarm), counter)
            await reconcile(conn, counted, now)
        except BaseException:
            if counter is not None:
                counter.close()
            await device.close()
            raise
        self._held[device.key_id] = _Held(device, counted)
        log.info("key.opened", key_id=device.key_id)

    async def _let_go(self, key_id: str) -> None:
        held = self._held.pop(key_id)
        await held.device.close()
        await asyncio.to_thread(held.counted.counter.sync)
        held.counted.counter.close()
        log.info("key.closed", key_id=key_id)
