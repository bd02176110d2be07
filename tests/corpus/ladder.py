"""Takes one PDF up the product's own ladder: reception, preparation, seal, light check, all in the jail.

What comes out is judged in other processes (`tests.corpus.judging`).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal
from meterai.pdf.requests import LightCheck, LightCheckRequest
from meterai.stamping.requests import OutputLimits, PreparedSeal, Reception, ReceptionRequest, SealRequest
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from tests.corpus.judging import Stamped, Verdict, judge
from tests.pdf.sealing import SealingBench

_TASKS = [
    "meterai.stamping.in_jail.reception:receive",
    "meterai.stamping.in_jail.preparation:prepare_seal",
    "meterai.pdf.signed.seal_check:light_check",
]
_JUDGING_SECONDS_MAX = 120


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file."""

    name: str
    outcome: str
    """`stamped`; `refused`; `faulty`: let through, but a judge found a fault; `failed`: let through at
    reception and refused later, or an accident."""
    refusal: str = ""
    """Code of the refusal, with its `what` behind a blank where it has one."""
    repaired: bool = False
    notices: list[str] = []
    profile: str = ""
    pages: int = 0
    faults: list[str] = []
    milliseconds: int = 0
    """Of the ladder, wall time."""


class Ladder:
    """A jail, a key, and judges."""

    def __init__(self, bench: SealingBench, jail: JailPool, judges: ProcessPoolExecutor) -> None:
        self.bench = bench
        self._jail = jail
        self._judges = judges
        self.keep: Path | None = None
        """A folder for the stamped files."""

    async def climb(self, name: str, data: bytes, password: str = "") -> Report:
        """Stamps and judges one file. Never raises for what is in it."""
        start = time.perf_counter()
        try:
            reception = await self._receive(data, password)
        except Refusal as refusal:
            return Report(name=name, outcome="refused", refusal=_text(refusal), milliseconds=_since(start))
        found = reception.inspection
        known = Report(
            name=name,
            outcome="stamped",
            repaired=found.repaired,
            notices=[notice.removeprefix("pdf.notice.") for notice in found.notices],
            pages=len(found.pages),
            profile=reception.profile,
        )
        try:
            stamped = await self._stamp(name, data, reception, password)
        except Refusal as refusal:
            return msgspec.structs.replace(known, outcome="failed", refusal=_text(refusal))
        known = msgspec.structs.replace(known, milliseconds=_since(start))
        if self.keep is not None:
            (self.keep / (name.replace("/", "--"))).write_bytes(stamped.after)
        faults = await self._judge(stamped)
        return msgspec.structs.replace(known, faults=faults, outcome="faulty" if faults else "stamped")

    async def _receive(self, data: bytes, password: str) -> Reception:
        request = ReceptionRequest(data=data, stamps=1, limits=OutputLimits(), password=password)
        return await self._jail.run(_TASKS[0], request, Reception)

    async def _stamp(self, name: str, data: bytes, reception: Reception, password: str) -> Stamped:
        place = reception.placements[0]
        stamp = self.bench.stamp(place, name)
        upload, data = data, reception.instead or data
        profile = reception.profile
        request = SealRequest(
            data=data,
            normalised=bool(reception.instead),
            stamps=[stamp],
            profile=profile,
            signing_time=datetime.now(UTC),
        )
        prepared = await self._jail.run(_TASKS[1], request, PreparedSeal)
        cms = await build_cms(prepared.digest, self.bench.key, self.bench.timestamper)
        sealed = fill(prepared.data, prepared.gap_start, prepared.gap_end, cms)
        check = LightCheckRequest(
            data=sealed,
            certificate=self.bench.key.certificates[0],
            pages=len(reception.inspection.pages),
            serials=[stamp.serial],
            profile=profile,
            input_bytes=len(data),
            input_sha256=hashlib.sha256(data).hexdigest(),
        )
        await self._jail.run(_TASKS[2], check, LightCheck)
        seen = reception.inspection.pages[place.page - 1]
        return Stamped(
            before=data if password else upload,
            after=sealed,
            placement=place,
            width_pt=seen.width_pt,
            height_pt=seen.height_pt,
            code=stamp.code,
        )

    async def _judge(self, stamped: Stamped) -> list[str]:
        root = self.bench.folder / "root.pem"
        try:
            work = asyncio.get_running_loop().run_in_executor(self._judges, judge, stamped, root)
            verdict: Verdict = await asyncio.wait_for(work, _JUDGING_SECONDS_MAX)
        except BrokenProcessPool:
            self._judges = make_judges()
            return ["judge: died"]
        except Exception as error:
            return [f"judge: {type(error).__name__}: {error}"]
        return verdict.faults


def make_judges(processes: int = 2) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))


@asynccontextmanager
async def open_ladder(bench: SealingBench, *, slots: int = 2) -> AsyncIterator[Ladder]:
    """A ladder with `slots` jail processes and as many judges."""
    jail = JailPool(_TASKS, slots=slots)
    await jail.start()
    ladder = Ladder(bench, jail, make_judges(slots))
    try:
        yield ladder
    finally:
        await jail.close()
        ladder._judges.shutdown(wait=False, cancel_futures=True)


async def climb_all(
    ladder: Ladder, files: dict[str, Path], *, passwords: dict[str, str] | None = None, at_once: int = 2
) -> list[Report]:
    """Reports in the order of the files."""
    turns = asyncio.Semaphore(at_once)

    async def one(name: str, path: Path) -> Report:
        async with turns:
            return await ladder.climb(name, path.read_bytes(), (passwords or {}).get(name, ""))

    return list(await asyncio.gather(*(one(*file) for file in files.items())))


def _text(refusal: Refusal) -> str:
    what = refusal.facts.get("what")
    return f"{refusal.code} {what}" if what else refusal.code


def _since(start: float) -> int:
    return round((time.perf_counter() - start) * 1000)
