"""The checkers that judge each row. Each is proven by a planted bug (`chaos/planted.py`)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any, Final

import asyncpg

from chaos.journal import differences, read_gateway, read_server, unfinished, without_end
from chaos.open_orders import describe
from chaos.stage import Stage
from meterai.cli.operator.shared.operator_settings import reader_settings
from meterai.kit.database import connect
from meterai.kit.files.object_store import FolderStore
from meterai.operations.invariants.files import check_files
from simulator.rehearsal.patience import TROUBLE

_CHECK_SECONDS_MAX: Final = 120
_REST_SECONDS: Final = 60.0
_SAMPLE: Final = "20"
JOURNAL, REST, RESUMES = "journal", "rest", "resumes"


async def check_journal(stage: Stage) -> list[str]:
    """The journal of everybody who has left against the server."""
    entries = list(stage.crowd.journal.values())
    async with stage.owner() as connection:
        server = await read_server(connection)
    return [f"{JOURNAL}: {words}" for words in differences(entries, server)]


async def check_rest(stage: Stage, *, seconds: float = _REST_SECONDS) -> list[str]:
    """Waits, at most `seconds`, until each payment is a stamp or a refund.

    Returns what is not, and what the service knows of each order that has no end.
    """
    deadline = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() > deadline
        try:
            found = await _unfinished(stage, explain=is_last)
        except (*TROUBLE, asyncpg.PostgresError) as error:
            found = [f"could not be looked at: {error}"]
        if not found or is_last:
            return [f"{REST}: {words}" for words in found]
        await asyncio.sleep(1)


async def _unfinished(stage: Stage, *, explain: bool) -> list[str]:
    entries = list(stage.crowd.journal.values())
    async with stage.owner() as connection:
        server = await read_server(connection)
        at_gateway = await read_gateway(stage.service.addresses.gateway)
        found = unfinished(entries, server, at_gateway)
        if explain and found:
            found += await describe(connection, without_end(entries, server), stage.objects)
    return found


async def check_invariants(stage: Stage, *, every_file: bool = False) -> list[str]:
    """`meterai check`, with some of the released files or every one."""
    words = [sys.executable, "-m", "meterai.cli", "check", "--json", "--data", str(stage.data)]
    words += ["--all"] if every_file else ["--sample", _SAMPLE]
    told = await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, timeout=_CHECK_SECONDS_MAX, check=False
    )
    return broken_in(told.stdout) if told.stdout else [f"check: {told.stderr.strip()[-300:]}"]


async def check_stored_bytes(stage: Stage) -> list[str]:
    """I9 alone, of every released file."""
    reader = await connect(
        reader_settings(stage.data).database_reader_url, connections_max=1, application_name="chaos"
    )
    try:
        found = await check_files(reader, FolderStore(stage.objects), judge=None, sample=None)
    finally:
        await reader.close()
    return [f"I9: {words}" for words in found.changed.shown]


def broken_in(printed: str) -> list[str]:
    """The invariants that fail in what `meterai check --json` printed, by name."""
    try:
        report: dict[str, Any] = json.loads(printed)
        broken = [one for one in report["invariants"] if not one["ok"]]
    except (ValueError, KeyError, TypeError):
        return [f"check: {printed[-300:]}"]
    return [f"{one['id']}: {'; '.join(one['violations'][:3])}" for one in broken]


async def check_resumes(stage: Stage, since: float, seconds: float) -> tuple[float | None, list[str]]:
    """Waits until a person who came after `since` has a stamped file. Returns after how many seconds."""
    try:
        await stage.until(lambda: stage.crowd.finished_since(since) > 0, seconds, RESUMES)
    except TimeoutError:
        recent = [words for words, _ in stage.crowd.problems.most_common(3)]
        return None, [f"{RESUMES}: nobody who came afterwards was finished in {seconds:g} s; {recent}"]
    return round(time.monotonic() - since, 1), []
