"""One run of `meterai stamp`: check everything, reserve, then collect what the service's workers stamp."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import msgspec

from meterai.cli.refusal_texts import refusal_parts
from meterai.cli.stamp.output_folder import FileReport, OutputFolder, Report, State
from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database, connect
from meterai.kit.files.object_store import ObjectStore, open_store
from meterai.kit.settings import Settings, trust_folder
from meterai.ledger.recounting import retry_with_new_count
from meterai.pdf.profiles import Profile
from meterai.sales.queries.customers import quota_of_customer
from meterai.stamping.bundles.given_files import GivenFile
from meterai.stamping.bundles.model import LEFT_OUT, UNDER_WAY, Bundle, BundleFile, Outcome, Rule
from meterai.stamping.bundles.queries import bundle as find_bundle
from meterai.stamping.bundles.ready_files import ReadyFile, ready_files
from meterai.stamping.placement import Placement
from meterai.stamping.ports import Vouch
from meterai.stamping.queries import document_page, read_checked
from meterai.stamping.use_cases.fill_bundle import fill_bundle
from meterai.stamping.use_cases.look_under_stamps import LOOK_UNDER, look_under_stamps
from meterai.stamping.use_cases.open_bundle import open_bundle
from meterai.stamping.use_cases.start_bundle import start_bundle
from meterai.texts.mechanism.filling import fill
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps

_CHECK = "meterai.stamping.in_jail.reception:receive"
_SLOTS_MAX = 4
_LOOK_SECONDS, _LOOK_SECONDS_PER_FILE = 0.2, 0.0002
"""Pause between two looks at the batch: long enough to cost little beside stamping."""
_WRITTEN_AT_ONCE = 4
"""Results that wait for the disk together."""

type Progress = Callable[[str, int, int], None]
"""Called with progress: the phase, how many are done, of how many (0: unknown)."""


@dataclass(frozen=True, slots=True)
class StampingParts:
    """What a run works with, beside the running service."""

    db: Database
    objects: ObjectStore
    jail: JailPool
    slots: int
    vouch: Vouch


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[StampingParts]:
    """Database, object store and jails of our own, one for each processor."""
    slots = min(_SLOTS_MAX, os.cpu_count() or 1)
    db = await connect(
        settings.database_operator_url, connections_max=slots + 1, application_name="meterai stamp"
    )
    jail = JailPool(
        [_CHECK, LOOK_UNDER, JUDGE],
        slots=slots,
        spare=False,
        memory_bytes=settings.jail_memory_bytes,
        first_user=settings.jail_first_user,
        cpu_seconds=settings.jail_cpu_seconds,
        wall_seconds=settings.jail_wall_seconds,
        production=settings.environment == "production",
    )
    try:
        await jail.start()
        objects = await asyncio.to_thread(open_store, settings.objects_url, settings.data, needs_mark=True)
        trust = load_trust(trust_folder(settings))
        yield StampingParts(db, objects, jail, slots, partial(vouch_for_stamps, db, jail, trust))
    finally:
        await jail.close()
        await db.close()


@dataclass(slots=True)
class StampRun:
    """The batch of one folder. After a crash, the database knows which files are stamped."""

    parts: StampingParts
    out: OutputFolder
    customer_id: UUID
    batch_id: UUID
    rule: Rule
    again: bool = False
    """Files that carry a stamp already get another one."""
    over_text: bool = False
    """Stamps may cover text. Those of files that carry signatures never do."""
    progress: Progress = lambda _phase, _done, _total: None
    warn: Callable[[str], None] = lambda _text: None
    """Called once for each reason why the service can't go on at the moment."""
    ids: set[UUID] = field(default_factory=set)
    """Files of this run; an earlier run of the same folder may have had others."""
    written: dict[UUID, str] = field(default_factory=dict)
    """Results that lie in the folder, with their SHA-256."""
    blocked: set[UUID] = field(default_factory=set)
    """Files whose place in the folder is taken by something else."""
    covering: dict[UUID, tuple[Placement, str]] = field(default_factory=dict)
    """Files whose stamp would cover something, with its place and the code of the reason."""
    unread: dict[UUID, str] = field(default_factory=dict)
    """Stamped files whose content could not be read, with the refusal's code."""
    troubles: set[str] = field(default_factory=set)

    async def check(self, given: Iterator[GivenFile]) -> Bundle:
        """Checks every file that was not checked before, several at once, and looks where results would go.

        Raises: Refusal `bundle.too_many_files`, `jail.unavailable`, and what reading the input raises.
        """
        now, db = system_clock(), self.parts.db
        self.out.write_state(State(batch_id=self.batch_id, customer_id=self.customer_id))
        await open_bundle(db, customer_id=self.customer_id, bundle_id=self.batch_id, door="cli", now=now)
        await fill_bundle(
            db,
            self.parts.jail,
            self.parts.objects,
            self.parts.vouch,
            bundle_id=self.batch_id,
            customer_id=self.customer_id,
            given=given,
            at_once=self.parts.slots + 1,  # one is read while the others are in the jail
            clock=system_clock,
            on_file=self._note_checked,
        )
        self.progress("checked", len(self.ids), len(self.ids))
        bundle = await self._look()
        self.out.write_state(
            State(
                batch_id=self.batch_id,
                customer_id=self.customer_id,
                files={file.path: file.sha256 for file in bundle.files},
            )
        )
        self.covering = await self._look_under()
        for file in bundle.files:
            if self.is_due(file) and not self.out.is_free(file.path):
                self.blocked.add(file.id)
        return bundle

    def is_due(self, file: BundleFile) -> bool:
        """Whether the check allows this run to stamp it."""
        wanted = self.again or not file.stamped_already
        return file.outcome is Outcome.READY and wanted and file.id not in self.covering

    async def start(self) -> int:
        """Gives everything that is ready to the workers; returns how many that were.

        Raises: Refusal CONFLICT `quota.missing`, and what `retry_with_new_count` raises.
        """

        async def reserve() -> int:
            lots = await quota_of_customer(self.parts.db, self.customer_id)
            return await start_bundle(
                self.parts.db,
                bundle_id=self.batch_id,
                customer_id=self.customer_id,
                rule=self.rule,
                lots=[(lot.lot_account_id, lot.available) for lot in lots],
                again=self.again,
                only=self.ids - self.blocked - self.covering.keys(),
                now=system_clock(),
            )

        return await retry_with_new_count(reserve)

    async def collect(self) -> Bundle:
        """Writes each result as it is released, until every file has ended; notes what can't be read.

        Stops early when others used the quota meanwhile, and the rest waits.
        """
        while True:
            bundle = await self._look()
            await self._write_results(bundle)
            self._warn_of_troubles(bundle)
            if not bundle.moving or bundle.halt_code is not None:
                return bundle
            await asyncio.sleep(_LOOK_SECONDS + _LOOK_SECONDS_PER_FILE * len(bundle.files))

    def report(self, bundle: Bundle) -> Report:
        """The outcome of each file of this run."""
        files = [self._line(file) for file in bundle.files]
        stamped = sum(file.outcome == Outcome.STAMPED for file in files)
        return Report(batch_id=self.batch_id, stamped=stamped, not_stamped=len(files) - stamped, files=files)

    async def _look_under(self) -> dict[UUID, tuple[Placement, str]]:
        """Finds the files whose stamp would cover what it must not."""
        found = {}

        async def look(file: ReadyFile) -> None:
            is_signed = file.profile is Profile.SIGNED
            if (is_signed or not self.over_text) and (code := await self._cover_code(file)):
                found[file.id] = file.spot(self.rule)[0], "placement.covers" if is_signed else code

        files = [file for file in await ready_files(self.parts.db, self.batch_id) if file.id in self.ids]
        await gather_bounded(files, look, at_once=self.parts.slots)
        return found

    async def _cover_code(self, file: ReadyFile) -> str:
        """Code of what the stamp of a file would cover. Empty: nothing, or a person agreed."""
        parts, place = self.parts, file.spot(self.rule)[0]
        document = None if place.is_settled else await document_page(parts.db, file.document_id)
        if document is None:
            return ""
        try:
            (seen,) = await look_under_stamps(
                parts.jail, parts.objects, document, [place], profile=self.rule.profile
            )
        except Refusal as refusal:
            if refusal.kind is not Kind.INVALID:
                raise
            return refusal.code
        return "" if seen.is_settled else seen.cover_code

    def _note_checked(self, file_id: UUID) -> None:
        self.ids.add(file_id)
        self.progress("checked", len(self.ids), 0)

    async def _look(self) -> Bundle:
        bundle = await find_bundle(self.parts.db, self.batch_id, customer_id=self.customer_id)
        assert bundle is not None, "opened by this run"
        return _only(bundle, self.ids)

    async def _write_results(self, bundle: Bundle) -> None:
        async def write(file: BundleFile) -> None:
            await self._write_one(file)
            self._tell(bundle)

        due = [
            file
            for file in bundle.files
            if file.outcome is Outcome.STAMPED
            and file.id not in self.unread
            and self.written.get(file.id) != file.stamped_sha256
        ]
        await gather_bounded(due, write, at_once=_WRITTEN_AT_ONCE)
        self._tell(bundle)

    async def _write_one(self, file: BundleFile) -> None:
        assert file.stamped_sha256 is not None
        lies_there = await asyncio.to_thread(self.out.sha256_at, file.path)
        if lies_there != file.stamped_sha256:
            if lies_there not in file.earlier_sha256 and not self.out.is_free(file.path):
                self.blocked.add(file.id)
            else:
                try:
                    content = await read_checked(self.parts.objects, file.stamped_sha256)
                except (Refusal, OSError) as error:
                    self.unread[file.id] = error.code if isinstance(error, Refusal) else "object.damaged"
                    return
                await asyncio.to_thread(self.out.put, file.path, content)
        self.written[file.id] = file.stamped_sha256

    def _warn_of_troubles(self, bundle: Bundle) -> None:
        now = {file.code for file in bundle.files if file.outcome is Outcome.STAMPING and file.code}
        for code in sorted(now - self.troubles):
            what = fill(refusal_parts(code)[0], {}, "en")
            self.warn(f"{what} ({code}) The service tries again by itself; nothing is lost.")
        self.troubles |= now

    def _tell(self, bundle: Bundle) -> None:
        under_way = bundle.count(*UNDER_WAY, Outcome.REFUSED)
        self.progress("stamped", len(self.written) + bundle.count(Outcome.REFUSED), under_way)

    def _line(self, file: BundleFile) -> FileReport:
        outcome, reason = str(file.outcome), file.code
        if file.id in self.blocked:
            outcome, reason = "blocked", "output.exists"
        elif file.outcome is Outcome.READY and file.stamped_already and not self.again:
            outcome, reason = "skipped", LEFT_OUT
        elif file.outcome is Outcome.READY and file.id in self.covering:
            outcome, reason = "covering", self.covering[file.id][1]
        elif file.id in self.unread:
            outcome, reason = "unread", self.unread[file.id]
        return FileReport(
            name=file.path,
            outcome=outcome,
            serial=file.serial,
            sha256=file.stamped_sha256,
            input_sha256=file.sha256 if file.pages is not None else None,
            reason=reason if outcome != Outcome.STAMPED else None,
            notices=file.notices,
        )


def _only(bundle: Bundle, ids: Collection[UUID]) -> Bundle:
    return msgspec.structs.replace(bundle, files=tuple(file for file in bundle.files if file.id in ids))
