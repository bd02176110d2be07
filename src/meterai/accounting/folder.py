"""The folder into which settlement reports and bank statements are dropped."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from meterai.accounting.bank.making import BYTES_MAX as STATEMENT_BYTES_MAX
from meterai.accounting.bank.take_statement import take_statement
from meterai.accounting.reports.reading import BYTES_MAX as REPORT_BYTES_MAX
from meterai.accounting.reports.take_report import take_report
from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database

log = structlog.get_logger(__name__)

STATEMENTS: Final = "bank"
"""The folder of bank statements. Each gateway's reports have a folder of its name beside it."""
TAKEN: Final = "taken"
REFUSED: Final = "refused"
_GATEWAY = re.compile(r"[a-z]{1,20}", re.ASCII)
_AT_ONCE = 20
_UNFINISHED = (".part", ".tmp", ".filepart")


def make_places(folder: Path, gateways: Iterable[str]) -> None:
    """Makes the folders into which files are dropped. Where we may not, an operator makes them."""
    with suppress(OSError):
        for name in (STATEMENTS, *gateways):
            (folder / name).mkdir(parents=True, exist_ok=True)


async def take_dropped(db: Database, folder: Path, *, clock: Clock) -> int:
    """Takes what lies in the folders below `folder`, then moves each file to `taken` or `refused` beside it.

    A file that starts with a dot or ends in .part, .tmp or .filepart is still being written. Returns how many
    files were looked at.
    """
    files = await asyncio.to_thread(lambda: [*_found(folder)][:_AT_ONCE])
    for path in files:
        await _take(db, path, clock)
    return len(files)


def _found(folder: Path) -> Iterator[Path]:
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _GATEWAY.fullmatch(place.name) and place.is_dir() and not place.is_symlink():
            for path in sorted(place.iterdir()):
                hidden = path.name.startswith(".") or path.name.endswith(_UNFINISHED)
                if path.is_file() and not path.is_symlink() and not hidden:
                    yield path


async def _take(db: Database, path: Path, clock: Clock) -> None:
    place, outcome = path.parent.name, TAKEN
    try:
        if place == STATEMENTS:
            await take_statement(db, await asyncio.to_thread(_read, path, STATEMENT_BYTES_MAX), now=clock())
        else:
            raw = await asyncio.to_thread(_read, path, REPORT_BYTES_MAX)
            await take_report(db, raw, gateway=place, now=clock())
    except Refusal as refusal:
        outcome = REFUSED
        log.warning("dropped_file_refused", folder=place, file=path.name, code=refusal.code, **refusal.facts)
    await asyncio.to_thread(_move, path, outcome)


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit + 1)  # one byte more than is taken: too large is refused


def _move(path: Path, outcome: str) -> None:
    place = path.parent / outcome
    place.mkdir(exist_ok=True)
    os.replace(path, place / path.name)
