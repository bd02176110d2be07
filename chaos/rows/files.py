"""Rows 13 to 17: disks that are full, and stores that lose or change what they were given."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import asyncpg

from chaos.checkers import check_stored_bytes
from chaos.row import NotFired, Row
from chaos.stage import Stage
from chaos.tracing import Injected, failing_calls
from simulator.crowd.browser import Browser
from simulator.rehearsal.crowd import Entry
from simulator.rehearsal.victims import strike

_FULL: Final = "Tempat penyimpanan kami hampir penuh"
_TRACE: Final = "Traceback"
_NO_SPACE: Final = "No space left on device"
_MEGABYTE: Final = "SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 1000000))"
_DAMAGED: Final = "object.damaged"
_FULL_S: Final = 8.0
_SEALED: Final = re.compile(rb"/Contents\s*<3082")
"""A signature's gap that is filled. In a prepared file it holds zeros."""


class FullObjectStore(Row):
    """Row 13: the disk of the object store has no byte left for some seconds."""

    number, name, guards = 13, "disk full under the object store", "I2 I4, friendly error"
    _traces: int = 0

    async def strike(self, stage: Stage) -> str:
        if not stage.has_disks:
            raise NotFired("the store has no small disk of its own: run it as root")
        self._traces, failed = stage.count("site", _TRACE), stage.count("worker", _NO_SPACE)
        before = _refused(stage)
        with filled(stage.objects, 0):
            await asyncio.sleep(_FULL_S)
            await stage.until(lambda: _refused(stage) > before, 60, "somebody who was refused in words")
        failed = stage.count("worker", _NO_SPACE) - failed
        return (
            f"{_refused(stage) - before} people were refused in words; {failed} writes of the worker failed"
        )

    async def check(self, stage: Stage) -> Sequence[str]:
        traces = stage.count("site", _TRACE) - self._traces
        return [f"{traces} stack traces in the site's log"] if traces else []


def _refused(stage: Stage) -> int:
    """People who read that the store is nearly full (`texts/refusals.py`)."""
    return sum(count for words, count in stage.crowd.problems.items() if _FULL in words)


class FullLog(Row):
    """Row 14: the disk under the WAL is full; the database panics and comes back when there is room."""

    number, name, guards = 14, "disk full under WAL", "I7"

    async def strike(self, stage: Stage) -> str:
        if not stage.has_disks:
            raise NotFired("the database has no small disk of its own: run it as root")
        before = stage.count("postgres", _NO_SPACE)
        with filled(stage.data, 1 << 20):  # room for logs, none for a segment of the WAL
            async with stage.owner() as owner:
                with suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
                    for _ in range(200):
                        await owner.execute(
                            "SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 1000000))"
                        )
            await stage.until(
                lambda: stage.count("postgres", _NO_SPACE) > before, 60, "a full disk in its log"
            )
            await asyncio.sleep(3)
        return f"log of the database: {_NO_SPACE}"


@contextmanager
def filled(folder: Path, left: int) -> Iterator[None]:
    """Fills the disk of a folder but for some bytes, meanwhile. Others may write while it does."""
    filler = folder / "chaos.filler"
    try:
        with filler.open("wb") as file:
            status = os.statvfs(folder)
            _fill(file.fileno(), status.f_bavail * status.f_frsize - left)
        yield
    finally:
        filler.unlink(missing_ok=True)


def _fill(file: int, size: int) -> None:
    while size > 0:
        try:
            os.posix_fallocate(file, 0, size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            size -= 1 << 16
        else:
            return


class ShortWrite(Row):
    """Row 15: ENOSPC in the middle of a stamped PDF: strace lets the worker's writes to its next files fail.

    A worker that is frozen before it writes has its next free descriptors known.
    """

    number, name, guards = 15, "ENOSPC in the middle of a PDF", "I9"
    short = False

    async def strike(self, stage: Stage) -> str:
        worker = await stage.freeze_at("after_sign")
        try:
            chosen = ",".join(map(str, _next_descriptors(worker.pid, 4)))
            out = stage.folder / "write.strace"
            only = ("-e", f"fd={chosen}")
            async with failing_calls(
                worker.pid, "write", "error=ENOSPC:when=1+", out=out, more=only
            ) as injected:
                strike(worker, signal.SIGCONT)
                await stage.until(
                    lambda: any(".part" in line for line in injected.lines()), 30, "a failed write"
                )
                count = sum(".part" in line for line in injected.lines())
        finally:
            strike(worker, signal.SIGCONT)
        return f"strace injected ENOSPC into {count} writes of unfinished files"


def _failed_writes(injected: Injected) -> int:
    return sum(".part" in line for line in injected.lines())


def _next_descriptors(pid: int, count: int) -> list[int]:
    taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    return [number for number in range(1024) if number not in taken][:count]


class LyingStore(Row):
    """Row 16: the store says that a stamped file is durable, and has lost its bytes when it is read back."""

    number, name, guards = 16, "object store confirms and loses the bytes", "I9"

    async def strike(self, stage: Stage) -> str:
        before = stage.count("worker", _DAMAGED)
        worker = await stage.freeze_at("before_read_back")
        try:
            lost = _newest_sealed(stage)
            os.truncate(lost, lost.stat().st_size // 2)
        finally:
            strike(worker, signal.SIGCONT)
        await stage.until(lambda: stage.count("worker", _DAMAGED) > before, 30, "object.damaged in the log")
        return "half of the file's bytes were cut off before the read-back; log of the worker: object.damaged"


def _newest_sealed(stage: Stage) -> Path:
    """The file that the frozen worker has sealed. Uploads come meanwhile; one that is cut in half would stop
    its order until an operator brings it back. Raises: NotFired."""
    for stored in reversed(stage.objects_by_age()):
        if _SEALED.search(stored.read_bytes()):
            return stored
    raise NotFired("no sealed file is stored")


class BitFlip(Row):
    """Row 17: one bit of a released file changes on the disk. It is found, and never served."""

    number, name, guards = 17, "bit flip in a stored PDF", "I9 alarm, never served"
    _served: str = ""

    async def strike(self, stage: Stage) -> str:
        entry = stage.dice.choice([one for one in stage.crowd.journal.values() if one.digests and one.link])
        digest = entry.digests[0]
        stored = stage.objects / digest[:2] / digest[2:]
        place = stage.dice.randrange(stored.stat().st_size)
        if not await _served(stage, entry):
            raise NotFired(f"the unchanged file of order {entry.order} is not served")
        flip(stored, place)
        try:
            found = await check_stored_bytes(stage)
            if not any(words.startswith("I9") and digest in words for words in found):
                raise NotFired(f"I9 did not find the changed file {digest[:12]}: {found}")
            self._served = await _served(stage, entry)
        finally:
            flip(stored, place)
        return f"bit 0 of byte {place} of {digest[:12]} flipped; I9 is broken for it"

    async def check(self, stage: Stage) -> Sequence[str]:
        return [self._served] if self._served else []


async def _served(stage: Stage, entry: Entry) -> str:
    """What is wrong when the changed file is asked for; nothing when it is withheld."""
    browser = Browser(stage.service.addresses.site)
    try:
        await browser.get(entry.link)
        answer = await browser.fetch(f"/pesanan/{entry.order}/unduh/1")
    finally:
        browser.close()
    return f"the changed file was served ({len(answer.body)} bytes)" if answer.status == 200 else ""


def flip(file: Path, place: int) -> None:
    """Flips the lowest bit of one byte of a file."""
    with file.open("r+b") as handle:
        handle.seek(place)
        byte = handle.read(1)[0]
        handle.seek(place)
        handle.write(bytes([byte ^ 1]))


ROWS: Final[tuple[type[Row], ...]] = (LyingStore, ShortWrite, BitFlip, FullObjectStore, FullLog)
