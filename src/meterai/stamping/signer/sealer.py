"""The work of the signer process: seals of stored intents, and signatures of 2-D codes.

It never sees a PDF. It signs digests that the register holds for a serial number, after counting the attempt
there (I8).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import DATABASE_IS_DOWN, Database
from meterai.kit.fail_points import FailPoint, never
from meterai.kit.tracing.spans import span
from meterai.signatures.stamp_code import code_message
from meterai.stamping.signer import register
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.counting import Counting
from meterai.stamping.signer.hash_signing import HashSigner
from meterai.stamping.signer.private_keys.code_key import CodeKeyFile
from meterai.stamping.signer.private_keys.key_counter import CountedKey
from meterai.stamping.signer.private_keys.key_ring import KeyRing
from meterai.stamping.signer.private_keys.software_key import KeyDevice
from meterai.stamping.signer.switch_watch import SwitchWatch
from meterai.stamping.signer.time_stamp_client import QueryTimestamper, Timestamper
from meterai.stamping.signer_wire import (
    NONCE_BYTES_MAX,
    CodeSignatures,
    Identity,
    Keys,
    Refused,
    Seals,
    Tokens,
)

log = structlog.get_logger(__name__)

_PROBE_SECONDS = 1.0
_AT_ONCE_MAX = 16

Outcome = bytes | Refusal


class _BoundedTimestamper:
    """Limits how many tokens are asked for at the same time."""

    def __init__(self, inner: QueryTimestamper) -> None:
        self._inner = inner
        self._turns = asyncio.Semaphore(_AT_ONCE_MAX)

    async def stamp(self, imprint: bytes, nonce: int | None = None) -> bytes:
        async with self._turns:
            return await (self._inner.stamp(imprint) if nonce is None else self._inner.stamp(imprint, nonce))


class _BatchKey:
    """The key for one batch. Reports when all signatures of the batch are made."""

    def __init__(self, inner: CountedKey, size: int) -> None:
        self._inner = inner
        self._left = size
        self.all_signed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.key_id = inner.key_id
        self.certificates = inner.certificates
        self.algorithm = inner.algorithm
        self.attempts = 0

    async def sign(self, digest: bytes) -> bytes:
        self.attempts += 1
        try:
            with span("use key"):
                return await self._inner.sign(digest)
        finally:
            self._left -= 1
            if not self._left and not self.all_signed.done():
                self.all_signed.set_result(None)


class _LenientTimestamper:
    """Continues without a token when there is none, and reports that."""

    def __init__(self, sealer: Sealer, on_lack: Callable[[], None]) -> None:
        self._sealer = sealer
        self._on_lack = on_lack

    async def stamp(self, imprint: bytes) -> bytes:
        token = await self._sealer.try_to_stamp(imprint)
        if not token:
            self._on_lack()
        return token


@dataclass(slots=True)
class _Batch:
    """The tools and results of one request to seal."""

    key_id: str
    """Id of the key that signs."""
    may_lack: frozenset[str]
    lacking: set[str] = field(default_factory=set)
    """Serials sealed without a time stamp."""


class Sealer:
    """Holds the keys and asks the time-stamp authority."""

    def __init__(
        self,
        db: Database,
        keys: KeyRing,
        code_keys: CodeKeyFile,
        timestamper: QueryTimestamper,
        *,
        clock: Clock,
        tsa_ends: Callable[[], datetime | None],
        fail_point: FailPoint = never,
    ) -> None:
        """`tsa_ends`: see `TokenChecker.certificates_end`."""
        self._db = db
        self._keys = keys
        self._code_keys = code_keys
        self._timestamper = _BoundedTimestamper(timestamper)
        self._clock = clock
        self._tsa_ends = tsa_ends
        self._fail_point = fail_point
        self._watch = SwitchWatch(db, keys, clock)
        self._counting = Counting(db, keys, self._watch, purpose="seal", clock=clock)
        self.hashes = HashSigner(db, keys, self._watch, clock=clock, fail_point=fail_point)
        """Signs with a key of its own."""
        self._tsa_trouble: Refusal | None = None
        self._tsa_probe_from = 0.0

    async def identity(self) -> Identity:
        """Returns the public side of the keys. Raises: Refusal UNAVAILABLE `key.*` when none can sign now."""
        await self._watch.look()
        key = self._keys.active(self._clock())
        certificates = self._keys.certificates()
        return Identity(
            key_id=key.key_id,
            certificate_chain=list(key.certificates),
            other_certificates=[
                certificate for key_id, certificate in certificates.items() if key_id != key.key_id
            ],
            tsa_ends=self._tsa_ends(),
        )

    async def ping_register(self) -> None:
        """Returns when the register answers. Raises: as `Database.ping`."""
        await self._db.ping()

    async def keys(self) -> Keys:
        """Reports the state of each registered key, and whether the stop switch is thrown."""
        await self._watch.look()
        return Keys(self._keys.reports(self._clock()), self._watch.stopped, self._keys.unregistered())

    async def sign_codes(
        self, wanted: Sequence[tuple[str, date]], *, taken_only: bool = False
    ) -> CodeSignatures:
        """Signs the 2-D codes of allocated serial numbers, and of those taken to be stamped outside.

        `taken_only`: of these alone.

        Raises: Refusal CONFLICT `stamping.serial_not_allocated`; UNAVAILABLE `sealing.stopped`. ValueError.
        """
        await self._watch.refuse_if_stopped()
        async with self._db.connection() as connection:
            serials = [serial for serial, _ in wanted]
            known = await register.may_have_codes(connection, serials, taken_only=taken_only)
        if len(known) != len({serial for serial, _ in wanted}):
            raise Refusal(Kind.CONFLICT, "stamping.serial_not_allocated")
        key = self._code_keys.now(self._clock())
        messages = [code_message(SerialNumber(serial), day, key.key_id) for serial, day in wanted]
        return CodeSignatures([key.sign(message) for message in messages], key.key_id)

    async def seal(self, serials: Sequence[str], may_lack_time_stamp: Sequence[str] = ()) -> Seals:
        """Seals the stored intents of these serial numbers. Returns a CMS or a refusal for each.

        Serials in `may_lack_time_stamp` are sealed without a token while the authority is down.

        Raises: Refusal UNAVAILABLE `sealing.stopped`, `key.*`, `tsa.*` (known to be away or down; the key was
        not used).
        """
        await self._watch.refuse_if_stopped()
        batch = _Batch(self._keys.active(self._clock()).key_id, frozenset(may_lack_time_stamp))
        serials = list(dict.fromkeys(serials))
        outcomes: dict[str, Outcome] = {}
        waiting = [serial for serial in serials if serial not in batch.may_lack]
        if self._tsa_trouble is not None and waiting:
            outcomes = await self._probe(waiting, batch, alone=len(waiting) == len(serials))
        rest = [serial for serial in serials if serial not in outcomes]
        outcomes |= await self._seal_counted(rest, batch)
        return Seals(
            sealed={serial: cms for serial, cms in outcomes.items() if isinstance(cms, bytes)},
            refused={
                serial: Refused(refusal.kind, refusal.code)
                for serial, refusal in outcomes.items()
                if isinstance(refusal, Refusal)
            },
            key_id=batch.key_id,
        )

    async def time_stamps(self, imprints: Sequence[bytes], nonce: bytes = b"") -> Tokens:
        """Fetches tokens for released files: for signatures that lack one, and for the archive. Uses no key.

        `nonce`: of the asker's own query for one token; empty: it compares none.

        Raises: Refusal UNAVAILABLE `tsa.*`; INVALID `signer.request_unreadable`; CONFLICT
        `stamping.no_release` when the register does not ask for a digest.
        """
        if len(imprints) > _AT_ONCE_MAX or any(len(imprint) != 32 for imprint in imprints):
            raise Refusal(Kind.INVALID, "signer.request_unreadable")
        if nonce and (len(imprints) != 1 or len(nonce) > NONCE_BYTES_MAX):
            raise Refusal(Kind.INVALID, "signer.request_unreadable")
        told = int.from_bytes(nonce) if nonce else None
        async with self._db.connection() as connection:
            if not await register.may_be_dated(connection, imprints):
                raise Refusal(Kind.CONFLICT, "stamping.no_release")
        try:
            return Tokens([await self._timestamper.stamp(imprint, told) for imprint in imprints])
        except Refusal as refusal:
            _tell_no_time_stamp(refusal)
            raise

    async def _probe(self, serials: Sequence[str], batch: _Batch, *, alone: bool) -> dict[str, Outcome]:
        """After an outage of the time-stamp authority: tries one seal a second before the others follow."""
        trouble = self._tsa_trouble
        if trouble is not None and time.monotonic() < self._tsa_probe_from:
            if alone:
                raise Refusal(trouble.kind, trouble.code)
            return dict.fromkeys(serials, trouble)
        self._tsa_probe_from = time.monotonic() + _PROBE_SECONDS
        first = await self._seal_counted(serials[:1], batch)
        if self._tsa_trouble is None:
            return first
        return dict.fromkeys(serials, self._tsa_trouble)

    async def _seal_counted(self, serials: Sequence[str], batch: _Batch) -> dict[str, Outcome]:
        if not serials:
            return {}
        with ExitStack() as until_synced:
            async with self._counting.turn:  # the time stamps of two batches may overlap
                active, digests = await self._counting.count(
                    until_synced,
                    lambda connection, key_id: register.count_and_read(
                        connection, serials, key_id, self._clock()
                    ),
                )
                batch.key_id = active.key_id
                self._fail_point("signer_after_count")
                key = _BatchKey(active, len(digests))
                work = asyncio.gather(*(self._seal_digest(*pair, key, batch) for pair in digests.items()))
                await asyncio.wait((work, key.all_signed), return_when=asyncio.FIRST_COMPLETED)
            outcomes: dict[str, Outcome] = dict(zip(digests, await work, strict=True))
            await asyncio.to_thread(active.counter.sync)
        self._fail_point("signer_after_sign")
        missing = Refusal(Kind.CONFLICT, "stamping.no_intent")
        return {serial: outcomes.get(serial, missing) for serial in serials}

    async def _seal_digest(self, serial: str, digest: bytes, key: KeyDevice, batch: _Batch) -> Outcome:
        timestamper: Timestamper = self._timestamper
        if serial in batch.may_lack:
            timestamper = _LenientTimestamper(self, lambda: batch.lacking.add(serial))
        try:
            cms = await build_cms(digest, key, timestamper)
        except Refusal as refusal:
            if refusal.code.startswith("tsa."):
                self._note_trouble(refusal)
            if refusal.code == "key.wrong_signature":
                self._watch.forget()
            log.warning("signer.seal_failed", code=refusal.code, **refusal.facts)
            return refusal
        if serial not in batch.lacking:
            self._tsa_trouble = None
        return cms

    async def try_to_stamp(self, imprint: bytes) -> bytes:
        """Returns a token, or empty bytes while the authority is down. It is then tried once a second."""
        if self._tsa_trouble is not None:
            if time.monotonic() < self._tsa_probe_from:
                return b""
            self._tsa_probe_from = time.monotonic() + _PROBE_SECONDS
        try:
            return await self._timestamper.stamp(imprint)
        except Refusal as refusal:
            self._note_trouble(refusal)
            _tell_no_time_stamp(refusal)
            return b""

    def _note_trouble(self, refusal: Refusal) -> None:
        self._tsa_trouble = refusal
        self._tsa_probe_from = time.monotonic() + _PROBE_SECONDS


def _tell_no_time_stamp(refusal: Refusal) -> None:
    """Logs why there is no time stamp. Only the code goes over the wire."""
    log.warning("signer.no_time_stamp", code=refusal.code, **refusal.facts)


def is_register_lost(error: BaseException) -> bool:
    """Whether an error means that the database can't be reached. Nothing is signed then."""
    return isinstance(error, DATABASE_IS_DOWN)
