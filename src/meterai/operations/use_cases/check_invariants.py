"""Checks every invariant that SQL, the stored files or the key's counter can tell."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg

from meterai.kit.database import Connection, Database
from meterai.kit.objects import ObjectStore
from meterai.operations.invariants import (
    balances,
    owners,
    passes,
    payments,
    refunds,
    reservations,
    serials,
    signatures,
)
from meterai.operations.invariants.files import I9_TITLE, I12_TITLE, Judge, check_files
from meterai.operations.invariants.fingerprint import SALT
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
)
LANES = 2
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
    lanes: int = LANES,
    progress: Progress = lambda what, done, total: None,
) -> list[InvariantResult]:
    """Checks the invariants under a role that can only read, while the service runs or not.

    `objects`: where released files lie; without it I9 and I12 are left out. `judge` judges a file without the
    register; without it I12 is left out. `counters`: what each key says of its uses, read just before.
    `queues`: the folder of all queues; without it I13 looks at the tables alone.
    `sample`: how many released files are read and judged; None: all. `lanes`: invariants checked at a time,
    each on a connection of its own.

    Raises: OSError or asyncpg errors when the database can't be reached. A check that fails is no exception
    but a violation: what can't be checked is not known to hold.
    """
    waiting, results = list(reversed(SQL_INVARIANTS)), list[InvariantResult]()

    async def lane() -> None:
        while waiting:
            invariant = waiting.pop()
            progress(invariant.id, len(results), len(SQL_INVARIANTS))
            results.append(await _check(reader, invariant, counters, queues, now))

    await asyncio.gather(*(lane() for _ in range(lanes)))
    if objects is not None:
        results += await _check_files(reader, objects, judge, sample, progress)
    return sorted(results, key=lambda found: int(found.id[1:]))


async def _check(
    reader: Database,
    invariant: SqlInvariant,
    counters: Mapping[str, int] | None,
    queues: Path | None,
    now: datetime,
) -> InvariantResult:
    started = time.perf_counter()
    findings = Findings(shown=[])
    checked, note = 0, ""
    try:
        async with reader.transaction() as tx:
            # Big joins: a few large hash tables beat many small ones on disk.
            await tx.execute("SET LOCAL work_mem = '128MB'")
            checked = await tx.fetchval(invariant.population)
            for place, part in enumerate(invariant.parts):
                if not await passes_screen(tx, invariant.screens.get(place), now):
                    await _run_part(tx, part, findings, now)
            if invariant.id == "I8" and counters is None:
                note = "the key's own counter was not at hand"
            elif invariant.id == "I8" and counters is not None:
                await signatures.compare_counters(tx, counters, findings, now)
            elif invariant.id == "I13" and queues is None:
                note = "the public logs were not at hand"
            elif invariant.id == "I13" and queues is not None:
                await passes.compare_log(tx, queues, findings)
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


async def passes_screen(tx: Connection, screen: str | None, now: datetime) -> bool:
    """Whether a part's screen says that the part can't find anything; an error in it says nothing."""
    if screen is None:
        return False
    statement = screen.replace(SALT, str(secrets.randbits(62)))
    try:
        async with tx.transaction():
            return await tx.fetchval(statement, *([now] if "$1" in statement else [])) is True
    except asyncpg.DataError:  # an amount too large for the arithmetic
        return False


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
