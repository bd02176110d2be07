"""A batch in the stamping cycle: the state of each job, and the jobs that leave the batch."""

from __future__ import annotations

import asyncio
import time
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
from meterai.stamping.cycle.signer_presence import SignerPresence
from meterai.stamping.model import ClaimedJob, Intent, Release, Seal
from meterai.stamping.ports import Signer
from meterai.stamping.scenarios import Script
from meterai.stamping.signer.filling import RunningDigest
from meterai.stamping.store import jobs

_NEVER = datetime.max.replace(tzinfo=UTC)


class CycleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the cycle that the operator chooses."""

    base_url: str
    """Base of the addresses in the 2-D codes."""
    specimen: bool
    lease_s: float = 90.0
    """Lifetime of a lease. A worker that is silent for longer loses its jobs to others (`leases.py`)."""
    time_stamp_later: bool = False
    """Whether stamps are released without a time stamp while the authority is down.

    The token is added later.
    """
    first_archiving: timedelta = timedelta(days=30)
    """Longest time from a release to the archive's first look. Zero where more than B-T is wanted."""
    plays_scenarios: bool = False
    """Whether jobs may have a scripted outcome: in the sandbox for partners."""
    retry_first_s: float = 0.5
    retry_longest_s: float = 10.0
    retry_held_up_s: float = 120.0
    """Longest pause before the next attempt of a job that repeatedly uses all of a jail process's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The services that the cycle works with."""

    db: Database
    jail: JailPool
    objects: ObjectStore
    signer: Signer
    clock: Clock
    settings: CycleSettings
    fail_point: FailPoint
    presence: SignerPresence = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "presence", SignerPresence(self.signer))


class LeaseLost(Exception):
    """Another worker has claimed the job: nothing may be written for it."""


@dataclass(slots=True, eq=False)
class Run:
    """One job in the cycle."""

    job: ClaimedJob
    codes: dict[SerialNumber, str] = field(default_factory=dict)
    """Texts of the 2-D codes."""
    data: bytes = b""
    """The current file: input, prepared, or sealed so far."""
    intent: Intent | None = None
    """Intent of the seal that is being made."""
    digests: RunningDigest | None = None
    """Digests of the prepared revision of that seal."""
    sealed_object: str = ""
    """Key of the sealed file in the object store."""
    index: int = 0
    """Index of that seal, from 0."""
    prepared: list[str] = field(default_factory=list)
    """Objects that are no longer needed after the release."""
    signed_by: list[str] = field(default_factory=list)
    """Key id of each seal, as found by the check after sealing."""
    lacks_time_stamp: bool = False
    """Whether it was sealed while the time-stamp authority was down."""
    certificates_end: datetime = _NEVER
    """When the first of its seals' certificates ends."""
    released: Release | None = None
    told: int | None = None
    """The outbox row that announces the release."""
    script: Script | None = None
    """Its scripted outcome, in the sandbox."""
    trouble: Exception | None = None
    """Why the job left the batch."""
    claimed_at: float = field(default_factory=time.perf_counter)
    """In seconds from any start."""

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
        """Moves on to the document's next stamp, on the bytes sealed so far."""
        self.index += 1
        self.intent = self.digests = None


def going(runs: Sequence[Run]) -> list[Run]:
    """The runs that are still in the batch."""
    return [run for run in runs if run.trouble is None]


@contextmanager
def leaving(run: Run) -> Iterator[None]:
    """A failure inside takes this run, and no other, out of the batch."""
    try:
        yield
    except Exception as error:
        run.trouble = error


async def each(runs: Sequence[Run], work: Callable[[Run], Awaitable[None]]) -> list[Run]:
    """Runs `work` for all runs at once. A run that fails leaves the batch. Returns those still in it."""
    await asyncio.gather(*(_one(run, work) for run in runs))
    return going(runs)


async def each_in_time(
    runs: Sequence[Run], work: Callable[[Run], Awaitable[None]], seconds: float
) -> dict[Run, asyncio.Task[None]]:
    """Like `each`, but waits no longer than `seconds`. Returns the runs that are not done."""
    tasks = {run: asyncio.create_task(_one(run, work)) for run in runs}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=seconds)
    return {run: task for run, task in tasks.items() if not task.done()}


async def _one(run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
    with leaving(run):
        await work(run)


async def whole(runs: Sequence[Run], work: Callable[[list[Run]], Awaitable[None]]) -> None:
    """Runs `work` once for all runs in the batch. If one of them makes it fail, each is done alone."""
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
    """Writes for all runs at once. Returns the runs written for.

    `write` returns the jobs whose lease is still ours. If some are not, it wrote nothing, and it is called
    again without those.
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
    """Whether an error hits every job alike, as an outage does: then trying them one by one is useless."""
    if isinstance(error, Refusal):
        return error.kind in (Kind.UNAVAILABLE, Kind.BUSY)
    return isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.InterfaceError)
