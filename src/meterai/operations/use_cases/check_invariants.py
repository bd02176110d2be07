"""Checks every invariant that SQL, the stored files or the key's counter can tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from meterai.kit.database import Connection, Database
from meterai.kit.files.object_store import ObjectStore
from meterai.operations.invariants import (
    accounting,
    balances,
    dates,
    owners,
    partners,
    passes,
    payments,
    refunds,
    reservations,
    serials,
    signatures,
    taken,
    unfinished,
)
from meterai.operations.invariants.files import I9_TITLE, I12_TITLE, Judge, check_files
from meterai.operations.invariants.model import (
    VIOLATIONS_SHOWN,
    Findings,
    InvariantResult,
    SqlInvariant,
    result,
)

SQL_INVARIANTS: tuple[SqlInvariant, ...] = (
    dates.I27,
    balances.I23,
    reservations.I2,
    payments.I4,
    refunds.I6,
    owners.I15,
    owners.I16,
    payments.I5,
    unfinished.I26,
    serials.I1,
    signatures.I8,
    balances.I3,
    payments.I14,
    unfinished.I25,
    passes.I13,
    partners.I28,
    partners.I29,
    partners.I30,
    taken.I31,
    accounting.I32,
)
"""Those that take longest come first, so that all connections end at about the same time."""
_CONNECTIONS = 2
_WORK_MEMORY_MB = 256
SAMPLE = 200
"""Files read and judged unless all are asked for."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class _Outside:
    """What says the same as the tables elsewhere: see `run_invariants`."""

    counters: Mapping[str, int] | None
    signer: str
    queues: Path | None


async def run_invariants(
    reader: Database,
    *,
    now: datetime,
    objects: ObjectStore | None = None,
    judge: Judge | None = None,
    counters: Mapping[str, int] | None = None,
    signer: str = "",
    queues: Path | None = None,
    sample: int | None = SAMPLE,
    at_once: int = _CONNECTIONS,
    progress: Progress = lambda what, done, total: None,
) -> list[InvariantResult]:
    """Checks the invariants under a role that can only read, while the service runs or not.

    `objects`: where released files lie; without it I9 and I12 are left out. `judge` judges a file without the
    register; without it I12 is left out. `counters`: what each key says of its uses, read just before;
    `signer`: the name of the signer that has these keys. Those of others are compared at their hosts.
    `queues`: the folder of all queues; without it I13 looks at the tables alone.
    `sample`: how many released files are read and judged; None: all.
    `at_once`: how many checks run at a time.

    Raises: OSError or asyncpg errors when the database can't be reached. A check that fails is no exception
    but a violation: what can't be checked is not known to hold.
    """
    async with _one_moment(reader, at_once) as connections:
        results = await check_tables(
            connections, now=now, counters=counters, signer=signer, queues=queues, progress=progress
        )
    if objects is not None:
        results += await _check_files(reader, objects, judge, sample, progress)
    return sorted(results, key=lambda found: int(found.id[1:]))


async def check_tables(
    connections: Sequence[Connection],
    *,
    now: datetime,
    counters: Mapping[str, int] | None = None,
    signer: str = "",
    queues: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> list[InvariantResult]:
    """Checks the invariants that SQL can tell, on connections that see the same moment."""
    outside = _Outside(counters, signer, queues)
    for connection in connections:
        await _set_for_large_joins(connection)
    results = list[InvariantResult]()
    done, total = 0, sum(len(each.parts) for each in SQL_INVARIANTS)

    async def check(tx: Connection, invariant: SqlInvariant) -> None:
        def advance() -> None:
            nonlocal done
            done += 1
            progress(invariant.id, done, total)

        results.append(await _check(tx, invariant, outside, now=now, advance=advance))

    await _share(connections, SQL_INVARIANTS, check)
    return results


async def _set_for_large_joins(connection: Connection) -> None:
    """Sets the planner's options for this transaction, which joins whole tables."""
    # A few large hash tables beat many small ones on disk.
    await connection.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY_MB}MB'")
    # Each connection keeps a processor busy; parallel workers would only cost more CPU.
    await connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    # Every row is wanted. Reading tables along an index, in its order, takes ten times as long from a disk.
    await connection.execute("SET LOCAL random_page_cost = 4")


@asynccontextmanager
async def _one_moment(reader: Database, count: int) -> AsyncIterator[list[Connection]]:
    """Opens `count` connections that see the same moment of a database in use."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(reader.transaction()) for _ in range(count)]
        for connection in connections:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        moment = await connections[0].fetchval("SELECT pg_export_snapshot()")
        for connection in connections[1:]:
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        yield connections


async def _share[T](
    connections: Sequence[Connection], work: Iterable[T], do: Callable[[Connection, T], Awaitable[None]]
) -> None:
    """Does all of `work`. Each connection takes the next piece when it has finished one."""
    waiting = iter(work)

    async def lane(connection: Connection) -> None:
        for one in waiting:
            await do(connection, one)

    await asyncio.gather(*(lane(connection) for connection in connections))


async def _check(
    tx: Connection,
    invariant: SqlInvariant,
    outside: _Outside,
    *,
    now: datetime,
    advance: Callable[[], None],
) -> InvariantResult:
    started = time.perf_counter()
    findings, checked, note = Findings(shown=[]), 0, ""
    try:
        async with tx.transaction():
            checked = await tx.fetchval(f"SELECT count(*) FROM {invariant.population}")  # noqa: S608 (our own)
            for part in invariant.parts:
                await _run_part(tx, part, findings, now)
                advance()
            note = await _compare_outside(tx, invariant, outside, findings=findings, now=now)
    except asyncpg.PostgresError as error:
        findings.add(f"could not be checked: {error}")
    return result(
        invariant.id,
        invariant.title,
        findings,
        checked=checked,
        seconds=time.perf_counter() - started,
        note=note,
    )


async def _compare_outside(
    tx: Connection,
    invariant: SqlInvariant,
    outside: _Outside,
    *,
    findings: Findings,
    now: datetime,
) -> str:
    """Compares tables with what says the same elsewhere; what is not at hand is told."""
    if invariant.id == "I8":
        if outside.counters is None:
            return "the key's own counter was not at hand"
        await signatures.compare_counters(
            tx, outside.counters, signer=outside.signer, findings=findings, now=now
        )
    if invariant.id == "I13":
        if outside.queues is None:
            return "the public logs were not at hand"
        await passes.compare_log(tx, outside.queues, findings)
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
