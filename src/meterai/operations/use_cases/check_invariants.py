"""Checks every invariant that SQL, the stored files or the key's counter can tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg

from meterai.kit.database import Connection, Database
from meterai.kit.files.object_store import ObjectStore
from meterai.operations.invariants import (
    balances,
    dates,
    owners,
    passes,
    payments,
    refunds,
    reservations,
    serials,
    signatures,
    unfinished,
)
from meterai.operations.invariants.census import Census, Pass, one_moment, plan_passes
from meterai.operations.invariants.files import I9_TITLE, I12_TITLE, Judge, check_files
from meterai.operations.invariants.model import (
    VIOLATIONS_SHOWN,
    Findings,
    InvariantResult,
    SqlInvariant,
    result,
)

SQL_INVARIANTS: tuple[SqlInvariant, ...] = (
    serials.I1,
    reservations.I2,
    balances.I3,
    payments.I4,
    payments.I5,
    refunds.I6,
    signatures.I8,
    passes.I13,
    payments.I14,
    owners.I15,
    owners.I16,
    balances.I23,
    unfinished.I25,
    unfinished.I26,
    dates.I27,
)
LANES = 2
_WORK_MEMORY_MB = 256
SAMPLE = 200
"""Files read and judged unless all are asked for."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


async def run_invariants(
    reader: Database,
    *,
    now: datetime,
    objects: ObjectStore | None = None,
    judge: Judge | None = None,
    counters: Mapping[str, int] | None = None,
    queues: Path | None = None,
    sample: int | None = SAMPLE,
    progress: Progress = lambda what, done, total: None,
) -> list[InvariantResult]:
    """Checks the invariants under a role that can only read, while the service runs or not.

    `objects`: where released files lie; without it I9 and I12 are left out. `judge` judges a file without the
    register; without it I12 is left out. `counters`: what each key says of its uses, read just before.
    `queues`: the folder of all queues; without it I13 looks at the tables alone.
    `sample`: how many released files are read and judged; None: all.

    Raises: OSError or asyncpg errors when the database can't be reached. A check that fails is no exception
    but a violation: what can't be checked is not known to hold.
    """
    async with one_moment(reader, LANES) as connections:
        results = await check_tables(
            connections, now=now, counters=counters, queues=queues, progress=progress
        )
    if objects is not None:
        results += await _check_files(reader, objects, judge, sample, progress)
    return sorted(results, key=lambda found: int(found.id[1:]))


async def check_tables(
    connections: Sequence[Connection],
    *,
    now: datetime,
    counters: Mapping[str, int] | None = None,
    queues: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> list[InvariantResult]:
    """Checks the invariants that SQL can tell, on connections that see the same moment."""
    census = await take_census(connections, now=now, progress=progress)
    results = list[InvariantResult]()

    async def check(tx: Connection, invariant: SqlInvariant) -> None:
        results.append(await _check(tx, invariant, census, counters, queues, now))
        progress(invariant.id, len(results), len(SQL_INVARIANTS))

    await _share(connections, SQL_INVARIANTS, check)
    return results


async def take_census(
    connections: Sequence[Connection],
    *,
    now: datetime,
    progress: Progress = lambda what, done, total: None,
) -> Census:
    """Takes the sums that the screens of all invariants want."""
    for connection in connections:
        # Big joins: a few large hash tables beat many small ones on disk.
        await connection.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY_MB}MB'")
        # The lanes are parallel enough for two cores: the server's own workers besides cost a fifth more.
        await connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        # Tables are read from end to end, which the kernel sees coming: handing each read to a process of the
        # server's, as PostgreSQL 18 does, takes a part of the cores that the lanes need.
        await connection.execute("SET LOCAL effective_io_concurrency = 0")
        # Every order is read: going along two indexes costs half of looking each order up.
        await connection.execute("SET LOCAL enable_memoize = off")
    wanted = [one for each in SQL_INVARIANTS for screen in each.screens.values() for one in screen.sums()]
    passes = await plan_passes(connections[0], [*wanted, *(each.population for each in SQL_INVARIANTS)])
    census, done = Census(now=now), 0

    async def take(tx: Connection, one: Pass) -> None:
        nonlocal done
        await census.take(tx, one)
        done += 1
        progress("census", done, len(passes))

    await _share(connections, passes, take)
    return census


async def _share[T](
    connections: Sequence[Connection], work: Iterable[T], do: Callable[[Connection, T], Awaitable[None]]
) -> None:
    """Each connection takes what is next when it has done what it had."""
    waiting = iter(work)

    async def lane(connection: Connection) -> None:
        for one in waiting:
            await do(connection, one)

    await asyncio.gather(*(lane(connection) for connection in connections))


async def _check(
    tx: Connection,
    invariant: SqlInvariant,
    census: Census,
    counters: Mapping[str, int] | None,
    queues: Path | None,
    now: datetime,
) -> InvariantResult:
    started = time.perf_counter()
    findings = Findings(shown=[])
    checked, note = census.total(invariant.population), ""
    if checked is None:
        findings.add(f"could not be checked: {invariant.population.source} could not be counted")
    try:
        async with tx.transaction():
            for place, part in enumerate(invariant.parts):
                if not await census.passes(tx, invariant.screens.get(place)):
                    await _run_part(tx, part, findings, now)
            note = await _compare_outside(tx, invariant, counters, queues, findings, now)
    except asyncpg.PostgresError as error:
        findings.add(f"could not be checked: {error}")
    return result(
        invariant.id,
        invariant.title,
        findings,
        checked=checked or 0,
        seconds=time.perf_counter() - started,
        note=note,
    )


async def _compare_outside(
    tx: Connection,
    invariant: SqlInvariant,
    counters: Mapping[str, int] | None,
    queues: Path | None,
    findings: Findings,
    now: datetime,
) -> str:
    """Compares tables with what says the same elsewhere; what is not at hand is told."""
    if invariant.id == "I8":
        if counters is None:
            return "the key's own counter was not at hand"
        await signatures.compare_counters(tx, counters, findings, now)
    if invariant.id == "I13":
        if queues is None:
            return "the public logs were not at hand"
        await passes.compare_log(tx, queues, findings)
    return ""


async def _run_part(tx: Connection, part: str, findings: Findings, now: datetime) -> None:
    statement = f"""SELECT subject, fact, count(*) OVER () AS all_of_them FROM ({part}) broken
                    LIMIT {VIOLATIONS_SHOWN}"""  # noqa: S608 (our own queries)
    rows = await tx.fetch(statement, *([now] if "$1" in part else []))
    for row in rows:
        findings.add(f"{row['subject']}: {row['fact']}")
    if rows:
        findings.count += rows[0]["all_of_them"] - len(rows)


async def _check_files(
    reader: Database, objects: ObjectStore, judge: Judge | None, sample: int | None, progress: Progress
) -> Sequence[InvariantResult]:
    started = time.perf_counter()
    found = await check_files(
        reader,
        objects,
        judge=judge,
        sample=sample,
        progress=lambda done, total: progress("files", done, total),
    )
    seconds = time.perf_counter() - started
    note = "" if sample is None or found.read < sample else "a random sample of the released files"
    if found.imported:
        note = "; ".join(filter(None, [note, f"{found.imported:,} imported, whose files are elsewhere"]))
    results = [result("I9", I9_TITLE, found.changed, checked=found.read, seconds=seconds, note=note)]
    if judge is not None:
        results.append(
            result("I12", I12_TITLE, found.misjudged, checked=found.judged, seconds=seconds, note=note)
        )
    return results
