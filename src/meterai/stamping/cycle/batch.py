"""A batch on its way through the stamping cycle: what each job has become, and who leaves the batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, Database
from meterai.kit.fail_points import FailPoint
from meterai.kit.files.object_store import ObjectStore
from meterai.stamping.model import ClaimedJob, Intent, Release, Seal
from meterai.stamping.ports import Signer
from meterai.stamping.signer.filling import RunningDigest
from meterai.stamping.store import jobs

_NEVER = datetime.max.replace(tzinfo=UTC)


class CycleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decides about the cycle."""

    base_url: str
    """What the 2-D codes point to."""
    specimen: bool
    lease_s: float = 90.0
    """A worker that is silent for longer has lost its jobs to the others (`leases.py`)."""
    time_stamp_later: bool = False
    """While the time-stamp authority is down, stamps are released without its token, which comes later."""
    first_archiving: timedelta = timedelta(days=30)
    """How soon the archive looks at a released file first, at the latest: at once where more than B-T is
    wanted."""
    retry_first_s: float = 0.5
    retry_longest_s: float = 10.0
    retry_held_up_s: float = 120.0
    """The longest pause of a job that held a jail process up for all of its time, and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the cycle works with."""

    db: Database
    jail: JailPool
    objects: ObjectStore
    signer: Signer
    clock: Clock
    settings: CycleSettings
    fail_point: FailPoint


class LeaseLost(Exception):
    """Somebody else claimed the job since: nothing may be written for it."""


@dataclass(slots=True, eq=False)
class Run:
    """One job on its way through the cycle."""

    job: ClaimedJob
    codes: dict[SerialNumber, str] = field(default_factory=dict)
    """Texts of the 2-D codes."""
    data: bytes = b""
    """The file as it stands: input, prepared, or sealed so far."""
    intent: Intent | None = None
    """Of the seal that is being made."""
    digests: RunningDigest | None = None
    """Of its prepared revision."""
    sealed_object: str = ""
    """Key of the file once sealed."""
    index: int = 0
    """Which seal that is, from 0."""
    prepared: list[str] = field(default_factory=list)
    """Objects that are of no use after the release."""
    signed_by: list[str] = field(default_factory=list)
    """Id of the key of each seal, as the check after sealing found it."""
    lacks_time_stamp: bool = False
    """Sealed while the time-stamp authority was down."""
    certificates_end: datetime = _NEVER
    """When the first certificate of its seals ends."""
    released: Release | None = None
    told: int | None = None
    """The outbox' row that tells of the release."""
    trouble: Exception | None = None
    """Why it left the batch."""

    @property
    def seal(self) -> Seal:
        return self.job.seals[self.index]

    @property
    def last(self) -> bool:
        return self.index == len(self.job.seals) - 1

    @property
    def fence(self) -> jobs.Fence:
        return jobs.Fence(self.job.id, self.job.lease_token)

    def next_seal(self) -> None:
        """Goes on to the document's next stamp, on the bytes sealed so far."""
        self.index += 1
        self.intent = self.digests = None


def going(runs: Sequence[Run]) -> list[Run]:
    """Those still in the batch."""
    return [run for run in runs if run.trouble is None]


@contextmanager
def leaving(run: Run) -> Iterator[None]:
    """What fails here concerns this run alone: it leaves the batch."""
    try:
        yield
    except Exception as error:
        run.trouble = error


async def each(runs: Sequence[Run], work: Callable[[Run], Awaitable[None]]) -> list[Run]:
    """Does `work` for every run at once; who fails leaves the batch. Returns those still in it."""
    await asyncio.gather(*(_one(run, work) for run in runs))
    return going(runs)


async def each_in_time(
    runs: Sequence[Run], work: Callable[[Run], Awaitable[None]], seconds: float
) -> dict[Run, asyncio.Task[None]]:
    """The same, but waits no longer than that. Returns those still at it."""
    tasks = {run: asyncio.create_task(_one(run, work)) for run in runs}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=seconds)
    return {run: task for run, task in tasks.items() if not task.done()}


async def _one(run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
    with leaving(run):
        await work(run)


async def whole(runs: Sequence[Run], work: Callable[[list[Run]], Awaitable[None]]) -> None:
    """Does `work` once for all runs still in the batch. If one spoils it, each is done by itself."""
    some = going(runs)
    if not some:
        return
    try:
        await work(some)
    except Exception as error:
        if len(some) == 1 or _concerns_all(error):
            for run in some:
                run.trouble = error
            return
        for run in some:
            await whole([run], work)


async def while_held(
    runs: Sequence[Run], write: Callable[[Sequence[Run]], Awaitable[set[UUID]]]
) -> list[Run]:
    """Writes for all runs at once; `write` gives the jobs still ours, and wrote nothing when some are not.

    Then it is tried again without those. Returns the runs written for.
    """
    ours = list(runs)
    while ours:
        held = await write(ours)
        lost = [run for run in ours if run.job.id not in held]
        if not lost:
            break
        for run in lost:
            run.trouble = LeaseLost()
        ours = going(ours)
    return ours


async def held(tx: Connection, runs: Sequence[Run]) -> list[Run]:
    """Locks the jobs in the database and returns those whose lease is still ours."""
    ours = await jobs.hold(tx, [run.fence for run in runs])
    for run in runs:
        if run.job.id not in ours:
            run.trouble = LeaseLost()
    return [run for run in runs if run.job.id in ours]


def _concerns_all(error: Exception) -> bool:
    """An outage hits every job alike: no use in trying them one by one."""
    if isinstance(error, Refusal):
        return error.kind in (Kind.UNAVAILABLE, Kind.BUSY)
    return isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError)
