"""I9: released bytes never change. I12: every released file is genuine, with the serials of its release.

Both read the stored files.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from meterai.kit.bounded_gather import gather_bounded
from meterai.kit.database import Database, Row
from meterai.kit.files.object_store import ObjectMissing, ObjectStore
from meterai.operations.invariants.model import Findings
from meterai.stamping.store.forgetting import KEPT

I9_TITLE = "A released version's bytes never change"
I12_TITLE = "Everything released is judged genuine, with the serials it was released with"

_PAGE = 1_000


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of a file by somebody who does not know the register."""

    wrong: str | None
    """The verdict in words; None: genuine."""
    lacks_time: bool = False
    """The only fault is that no time stamp proves the time."""
    serials: frozenset[str]
    """The serials of our stamps in the file."""


Judge = Callable[[bytes], Awaitable[Opinion]]
"""Judges a file without asking the register."""


class FileFindings(msgspec.Struct, kw_only=True):
    """What reading the files found."""

    changed: Findings
    misjudged: Findings
    read: int = 0
    imported: int = 0
    """Releases whose files another installation keeps. They are not read."""
    judged: int = 0


async def check_files(
    db: Database,
    objects: ObjectStore,
    *,
    judge: Judge | None,
    sample: int | None,
    concurrency: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> FileFindings:
    """Reads released files, all or a random `sample`, compares them with the register and judges them.

    `progress` is called with the files done and to do.
    """
    found = FileFindings(changed=Findings(shown=[]), misjudged=Findings(shown=[]))
    async with db.connection() as conn:
        total = await conn.fetchval(
            f"SELECT count(*) FROM stamping.release r WHERE NOT imported AND {KEPT}"  # noqa: S608
        )
        imported = await conn.fetchval("SELECT count(*) FROM stamping.release WHERE imported")
    found.imported = imported
    total = total if sample is None else min(sample, total)

    async def one(row: Row) -> None:
        await _check_file(objects, judge, row, found)
        progress(found.read, total)

    # Page by page: a task for each of millions of files would fill the memory.
    async for page in _all_released(db) if sample is None else _some_released(db, sample):
        await gather_bounded(page, one, at_once=concurrency)
    return found


async def _check_file(objects: ObjectStore, judge: Judge | None, row: Row, found: FileFindings) -> None:
    sha256: str = row["sha256"]
    found.read += 1
    try:
        content = await objects.get(sha256)
    except ObjectMissing:
        found.changed.add(f"{sha256}: the file is gone")
        return
    except OSError as error:
        found.changed.add(f"{sha256}: the file can't be read ({type(error).__name__})")
        return
    digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
    if digest != sha256 or len(content) != row["bytes"]:
        found.changed.add(f"{sha256}: the file of {len(content)} bytes has the digest {digest}")
        return
    if judge is not None:
        found.judged += 1
        opinion = await judge(content)
        if opinion.wrong is not None and not (opinion.lacks_time and row["owed_time"]):
            found.misjudged.add(f"{sha256}: {opinion.wrong}")
        elif missing := set(row["serials"]) - opinion.serials:
            # It may also bear older serials, which were released with other bytes.
            found.misjudged.add(
                f"{sha256}: released with {', '.join(sorted(missing))}, which it does not bear"
            )


# Of an imported release the file was never here (docs/decisions/0011). Files of forgotten documents are gone.
# A file that was released while the time-stamp authority was down can't prove its time by itself: only its
# version 2 can, if it ever comes.
_RELEASED = f"""SELECT sha256, min(bytes) AS bytes, array_agg(DISTINCT serial) AS serials,
        EXISTS (SELECT FROM stamping.time_stamp_owed o WHERE o.sha256 = r.sha256) AS owed_time
    FROM stamping.release r
    WHERE sha256 > $1 AND sha256 <= $2 AND NOT imported AND {KEPT}
    GROUP BY sha256 ORDER BY sha256 LIMIT $3"""  # noqa: S608 (our own words)
_FIRST, _LAST = "", "g"  # before and after every hex digest


async def _all_released(db: Database) -> AsyncIterator[list[Row]]:
    """Yields digest and size of each released file, in pages."""
    last = _FIRST
    while True:
        async with db.connection() as conn:
            rows = await conn.fetch(_RELEASED, last, _LAST, _PAGE)
        if not rows:
            return
        yield rows
        last = rows[-1]["sha256"]


async def _some_released(db: Database, sample: int) -> AsyncIterator[list[Row]]:
    """Yields `sample` files from a random place on in the order of digests. Digests are random themselves."""
    async with db.connection() as conn:
        start = await conn.fetchval("SELECT encode(sha256(random()::text::bytea), 'hex')")
        rows = await conn.fetch(_RELEASED, start, _LAST, sample)
        rows += await conn.fetch(_RELEASED, _FIRST, start, sample - len(rows))
    yield rows
