"""Stamps a file of the shared folder, step by step. Each step is in the journal before the next one begins.

1. Read the file, ask for the certificates and the code, prepare the file in the jail.
2. Have the signed attributes signed. From here on the stamp is used.
3. Get a time stamp over the signature.
4. Fill in, check in the jail, write the file.

A repeat goes on with the same digest. So the service gets the same request, and uses no second stamp.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog

from meterai.adapter.journal import Entry, Journal
from meterai.adapter.order import Order
from meterai.adapter.shared_folder import SharedFolder
from meterai.adapter.stampservice import Relayed, Stampservice, algorithm_of, is_specimen
from meterai.adapter.time_stamps import TimeStamps
from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.fail_points import FailPoint
from meterai.kit.measures import seconds, timed
from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS
from meterai.pdf.profiles import Profile
from meterai.pdf.requests import CoveredDigest, LightCheck, LightCheckRequest
from meterai.pdf.signed_refusals import for_signed_file
from meterai.stamping.model import SEAL_BYTES, TOKEN_BYTES
from meterai.stamping.requests import BoxedSeal, BoxRequest
from meterai.stamping.signer.cms import assemble_cms, cms_bytes_max, signed_attributes
from meterai.stamping.signer.filling import RunningDigest, fill

log = structlog.get_logger(__name__)

_STAMPS = seconds("adapter_stamp", "Time of stamps of the adapter.", "outcome")

PREPARE: Final = "meterai.stamping.in_jail.box_preparation:prepare_in_box"
CHECK: Final = "meterai.pdf.signed.seal_check:light_check"

Parts = tuple[str, ...]


@dataclass(slots=True)
class _Turns:
    """One piece of work at a time for each serial number."""

    locks: dict[SerialNumber, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    @asynccontextmanager
    async def of(self, serial: SerialNumber) -> AsyncIterator[None]:
        lock, waiting = self.locks.get(serial, (asyncio.Lock(), 0))
        self.locks[serial] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self.locks.pop(serial)
            if waiting > 1:
                self.locks[serial] = lock, waiting - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Stamps files. Many at once: the jail has slots, and the others wait in line for them."""

    folder: SharedFolder
    journal: Journal
    jail: JailPool
    service: Stampservice
    time_stamps: TimeStamps
    clock: Clock
    fail_point: FailPoint
    turns: _Turns = field(default_factory=_Turns)

    async def stamp(self, order: Order) -> None:
        """Stamps the file and writes the result. If it fails, there is no result.

        Raises: Refusal INVALID `wire.field_wrong`, `adapter.source_missing`, and as the jail's tasks;
        CONFLICT `adapter.other_source`; UNAVAILABLE `tsa.*`, `signer.unavailable`, `adapter.*`; Relayed;
        OSError.
        """
        src, dest = self.folder.parts("src", order.src), self.folder.parts("dest", order.dest)
        if src == dest:
            raise Refusal(Kind.INVALID, "wire.field_wrong", field="dest")
        async with self.turns.of(order.serial):
            try:
                with timed(_STAMPS):
                    await self._stamp(order, src, dest)
            except BaseException:
                await asyncio.to_thread(self._delete, dest)
                raise

    async def _stamp(self, order: Order, src: Parts, dest: Parts) -> None:
        source = await asyncio.to_thread(self._read, src)
        entry = await self._prepared(order, source)
        self.fail_point("after_prepare")
        if not entry.signature:
            entry = await self._sign(order, entry, source)
        if not entry.token:
            token = await self._time_stamp(order, entry)
            entry = await self._note(order, msgspec.structs.replace(entry, token=token))
        self.fail_point("after_time_stamp")
        await self._finish(order, entry, dest)
        log.info("adapter_stamped", serial=order.serial, profile=entry.profile)

    async def _sign(self, order: Order, entry: Entry, source: bytes) -> Entry:
        """Has the attributes signed. They name the key: if it was replaced meanwhile, new ones are made."""
        try:
            signature = await self.service.sign(order, entry)
        except Relayed as relayed:
            if relayed.code != "96" or (await self.service.chain(order)).certificates == entry.certificates:
                raise
            entry = await self._prepare(order, source, entry.source_sha256)
            signature = await self.service.sign(order, entry)
        self.fail_point("after_sign")
        return await self._note(order, msgspec.structs.replace(entry, signature=signature))

    async def _prepared(self, order: Order, source: bytes) -> Entry:
        """The entry of an earlier try, or a new one.

        A try that got no signature starts again if the request now wants another stamp.
        """
        digest = hashlib.sha256(source).hexdigest()
        known = await asyncio.to_thread(self.journal.find, order.serial)
        if known and known.source_sha256 != digest:
            raise Refusal(Kind.CONFLICT, "adapter.other_source")
        if known and (known.signature or known.asked_sha256 == order.asked_sha256):
            return known
        return await self._prepare(order, source, digest)

    async def _prepare(self, order: Order, source: bytes, digest: str) -> Entry:
        chain = await self.service.chain(order)
        request = BoxRequest(
            data=source,
            password=order.password,
            box=order.box,
            profile=order.profile,
            serial=order.serial,
            code=chain.stamp_code,
            signing_time=self.clock(),
            reason=order.reason,
            location=order.location,
            specimen=is_specimen(chain.certificates),
            contents_bytes=max(SEAL_BYTES, cms_bytes_max(chain.certificates, TOKEN_BYTES)),
        )
        try:
            boxed = await self.jail.run(PREPARE, request, BoxedSeal)
        except Refusal as refusal:
            raise for_signed_file(refusal, source) from None
        made = boxed.prepared
        # The digests are made here, from the bytes that are kept: the jail need not be trusted.
        digests = RunningDigest(made.data, made.gap_start, made.gap_end)
        entry = Entry(
            source_sha256=digest,
            asked_sha256=order.asked_sha256,
            prepared_sha256=digests.prepared(),
            profile=boxed.profile,
            gap_start=made.gap_start,
            gap_end=made.gap_end,
            pages=made.pages,
            base_bytes=made.base_bytes,
            certificates=chain.certificates,
            timestamp_url=chain.timestamp_url,
            attributes=signed_attributes(digests.covered(), chain.certificates),
        )
        await asyncio.to_thread(self.journal.begin, order.serial, entry, made.data)
        return entry

    async def _time_stamp(self, order: Order, entry: Entry) -> bytes:
        imprint = hashlib.sha256(entry.signature).digest()
        return await self.time_stamps.ask(
            entry.timestamp_url, imprint, token=order.token, certificates=entry.certificates
        )

    async def _finish(self, order: Order, entry: Entry, dest: Parts) -> None:
        """Fills in, checks and writes the file. A repeat makes the same bytes; a file that is there stays."""
        prepared = await asyncio.to_thread(self.journal.prepared, order.serial, entry)
        if prepared is None:
            raise Refusal(Kind.UNAVAILABLE, "adapter.journal")
        certificates = entry.certificates
        algorithm = algorithm_of(certificates)
        cms = assemble_cms(
            entry.attributes, entry.signature, entry.token, certificates=certificates, algorithm=algorithm
        )
        sealed = fill(prepared, entry.gap_start, entry.gap_end, cms)
        digests = RunningDigest(prepared, entry.gap_start, entry.gap_end)
        name = digests.sealed(sealed)
        if entry.sealed_sha256 != name:
            await self._check(order, entry, sealed, digests)
            entry = await self._note(order, msgspec.structs.replace(entry, sealed_sha256=name))
        if await asyncio.to_thread(self._content, dest) != sealed:
            self.fail_point("before_write")
            await asyncio.to_thread(self.folder.write, dest, sealed)

    async def _check(self, order: Order, entry: Entry, sealed: bytes, digests: RunningDigest) -> None:
        is_signed = entry.profile is Profile.SIGNED
        request = LightCheckRequest(
            data=sealed,
            certificate=entry.certificates[0],
            pages=entry.pages,
            serials=[order.serial],
            profile=entry.profile,
            input_bytes=entry.base_bytes if is_signed else 0,
            input_sha256=entry.source_sha256 if is_signed else "",
            covered=CoveredDigest(gap_start=entry.gap_start, gap_end=entry.gap_end, sha256=digests.covered()),
        )
        try:
            await self.jail.run(CHECK, request, LightCheck)
        except Refusal as refusal:
            log.error(
                "adapter_unsound", serial=order.serial, code=refusal.code, what=refusal.facts.get("what")
            )
            raise Refusal(Kind.UNAVAILABLE, "adapter.unsound") from None

    async def _note(self, order: Order, entry: Entry) -> Entry:
        await asyncio.to_thread(self.journal.write, order.serial, entry)
        return entry

    def _read(self, src: Parts) -> bytes:
        data = self.folder.read(src, bytes_max=DEFAULT_LIMITS.file_bytes_max)
        if data is None:
            raise Refusal(Kind.INVALID, "adapter.source_missing")
        return data

    def _content(self, dest: Parts) -> bytes | None:
        """The file at `dest`; None: there is none, or it is none of ours."""
        try:
            return self.folder.read(dest, bytes_max=CHECKED_BYTES_MAX)
        except Refusal:
            return None

    def _delete(self, dest: Parts) -> None:
        """Deletes what lies at `dest`, but for a stamped file of another request: its stamp is used."""
        try:
            content = self._content(dest)
            if content is None or not self.journal.has_finished(content):
                self.folder.delete(dest)
        except OSError:
            log.warning("adapter_not_deleted")
