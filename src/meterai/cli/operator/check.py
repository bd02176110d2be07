"""`meterai check`: checks the invariants of a running service; exit code 1 when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from meterai.accounting.days.queries import unclosed_since
from meterai.cli.data_folder import DataOption
from meterai.cli.exit_codes import Judged
from meterai.cli.operator.shared.operator_settings import reader_settings
from meterai.cli.refusal_texts import refusal_text
from meterai.jail.pool import JailPool
from meterai.kernel.clock import business_date, system_clock
from meterai.kernel.refusals import Refusal
from meterai.kit.database import Database, connect
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.files.object_store import open_store
from meterai.kit.settings import Settings, queue_root, trust_folder
from meterai.operations.invariants.files import Judge, Opinion
from meterai.operations.invariants.model import InvariantResult
from meterai.operations.use_cases.ask_signer import ask_signer
from meterai.operations.use_cases.check_invariants import SAMPLE, run_invariants
from meterai.stamping.archive.queries import count_archive
from meterai.stamping.keys.key_register import keys_that_end_soon
from meterai.stamping.keys.signing_keys import has_little_time
from meterai.stamping.signer.key_files import read_counters
from meterai.stamping.signer_client import SignerClient
from meterai.verification.model import Trust, Verdict
from meterai.verification.reasons import BY_HASH, holds_by_itself, leading_to
from meterai.verification.trust import load_trust
from meterai.verification.use_cases.judge_document import JUDGE, judge_document

_NEXT: Final = {
    "I8": "If nobody knows what used the key: meterai stop-signing, then docs/keys.md, 6. After a database "
    "was put back: docs/backup.md.",
    "I9": "Put the file back from a copy: it lies in objects/, in the folder of the first two digits, under "
    "the others (docs/backup.md).",
    "I12": "meterai verify says why of the file, and which serials it bears. It lies in objects/, in the "
    "folder of the first two digits. If I9 is broken for it too, put it back from a copy (docs/backup.md).",
    "I13": "meterai queue audit judges the public log itself: where that finds nothing, rows were changed, "
    "by hand or by a restore (docs/backup.md). Change none; keep this output, with --json, and the logs.",
}
_CLOSED_WITHIN: Final = timedelta(hours=1)
_NEXT_OF_BOOKS: Final = (
    "The service goes on; change no row by hand. Keep this output, with --json, and the logs, and show them "
    "to the makers. What the sentence means: docs/money.md."
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    ok: bool
    checked_at: datetime
    invariants: list[InvariantResult]
    warnings: list[str] = []
    """What will break an invariant or stop the service unless somebody acts. They don't change `ok`."""


def check(
    files: Annotated[bool, typer.Option(help="Read released files too (I9) and judge them (I12).")] = True,
    every_file: Annotated[bool, typer.Option("--all", help="Every released file, not a sample.")] = False,
    sample: Annotated[int, typer.Option(min=1, help="How many released files to read.")] = SAMPLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Check the invariants of a running service. Reads only.

    Also warns when the signing key or the time-stamp authority's certificate ends soon, and when a disk is
    nearly full. It warns of released files whose proof can't be renewed, and of days that are not closed.

    Exit code 1 when an invariant fails.
    """
    report = asyncio.run(_check(reader_settings(data), files=files, sample=None if every_file else sample))
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report)
    raise Judged(0 if report.ok else 1)


async def _check(settings: Settings, *, files: bool, sample: int | None) -> Report:
    now = system_clock()
    counters = _counters(settings.data / "signer")
    reader = await connect(settings.database_reader_url, connections_max=4, application_name="meterai check")
    try:
        async with _judge(settings) if files else _nobody() as judge:
            with _progress() as bar:
                results = await run_invariants(
                    reader,
                    now=now,
                    objects=open_store(settings.objects_url, settings.data) if files else None,
                    judge=judge,
                    counters=counters,
                    signer=settings.signer_name,
                    queues=_queues(settings),
                    sample=sample,
                    progress=_Bars(bar),
                )
        warnings = await _warnings(reader, now, await _tsa_ends(settings)) + _disks_that_fill(settings)
    finally:
        await reader.close()
    ok = all(found.ok for found in results)
    return Report(ok=ok, checked_at=now, invariants=results, warnings=warnings)


def _disks_that_fill(settings: Settings) -> list[str]:
    reserve = DiskReserve.of(settings)
    return [
        f"The disk of {folder} has {free / 1e9:,.1f} GB free. Below {reserve.reserve_bytes / 1e9:,.1f} GB "
        "(METERAI_DISK_RESERVE_BYTES) uploads are refused: make room (docs/on-duty.md, DiskFills)."
        for folder, free in reserve.nearly_full().items()
    ]


async def _tsa_ends(settings: Settings) -> datetime | None:
    """When the time-stamp authority's certificate ends, if a signer runs here and has had a token."""
    signer = SignerClient.of(settings)
    try:
        return (await ask_signer(signer, within_s=5)).tsa_ends
    finally:
        await signer.close()


async def _warnings(reader: Database, now: datetime, tsa_ends: datetime | None) -> list[str]:
    found = []
    for key in await keys_that_end_soon(reader, now):
        left = (key.valid_until - now).days
        ends = (
            f"which signs, ends in {left} days" if left >= 0 else "which signed, has ended: nothing is signed"
        )
        found.append(
            f"Key {key.key_id}, {ends} and no other follows: add the next key (docs/keys.md, rotation)."
        )
    if tsa_ends is not None and has_little_time(tsa_ends, now):
        left = (tsa_ends - now).days
        ends = f"ends in {left} days" if left >= 0 else "has ended"
        found.append(
            f"The time-stamp authority's certificate {ends}: ask it for the next one, and whether that leads "
            "to a root of ours (docs/keys.md, the time-stamp authority)."
        )
    async with reader.connection() as connection:
        unclosed = await unclosed_since(connection, now)
    if unclosed is not None and now > unclosed + _CLOSED_WITHIN:
        found.append(
            f"{business_date(unclosed) - timedelta(days=1)} is over and not closed: run meterai day close "
            "(docs/day-close.md, when a day is not closed)."
        )
    return found + [
        f"{count.in_trouble:,} released files at {count.level} could not be raised or renewed. "
        f"{refusal_text(count.trouble, {})} See docs/stamping.md, the archive."
        for count in await count_archive(reader, now)
        if count.in_trouble
    ]


def _counters(folder: Path) -> Mapping[str, int] | None:
    """The counters of the signer's keys, when the signer runs on this machine."""
    return read_counters(folder) if folder.is_dir() else None


def _queues(settings: Settings) -> Path | None:
    """The folder of the public logs, when it is on this machine."""
    root = queue_root(settings)
    return root if root.is_dir() else None


@asynccontextmanager
async def _nobody() -> AsyncIterator[None]:
    yield None


@asynccontextmanager
async def _judge(settings: Settings) -> AsyncIterator[Judge | None]:
    """The verifier without the register: our files must be genuine by their signatures alone."""
    try:
        trust = load_trust(trust_folder(settings))
    except Refusal:
        typer.echo("I12 is left out: no trust root here.", err=True)
        yield None
        return
    jail = JailPool([JUDGE], slots=2, spare=False)
    await jail.start()
    try:
        yield offline_judge(jail, trust)
    finally:
        await jail.close()


def offline_judge(jail: JailPool, trust: Trust) -> Judge:
    """Makes a judge out of a verifier without the register."""

    async def judge(content: bytes) -> Opinion:
        found = await judge_document(None, jail, content, trust=trust, now=system_clock())
        # A customer may have had the file stamped again, or stamped by hash before.
        is_genuine = holds_by_itself(found.verdict, found.reasons)
        return Opinion(
            wrong=None if is_genuine else f"{found.verdict} ({', '.join(found.reasons)})",
            lacks_time=found.verdict is Verdict.CANNOT_CHECK
            and leading_to(Verdict.CANNOT_CHECK, found.reasons) - {BY_HASH} == {"time_stamp.missing"},
            serials=frozenset(s.serial for s in found.stamps if not (s.foreign or s.by_hash)),
        )

    return judge


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )


class _Bars:
    """Draws a bar for the statements and one for the files."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        name = "files" if what == "files" else "database"
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=total)
        self._bar.update(self._tasks[name], completed=done, total=total, description=what)


def _show(report: Report) -> None:
    table = Table(title="Invariants", caption=f"checked at {report.checked_at:%Y-%m-%d %H:%M:%S} UTC")
    table.add_column("")
    table.add_column("Sentence", overflow="fold")
    table.add_column("Checked", justify="right")
    table.add_column("Seconds", justify="right")
    table.add_column("Found", overflow="fold")
    for found in report.invariants:
        looks = "green" if found.ok else "bold red"
        table.add_row(
            f"[{looks}]{found.id}[/]",
            escape(found.title),
            f"{found.checked:,}",
            f"{found.seconds:.2f}",
            f"[{looks}]{'holds' if found.ok else f'{found.violation_count} broken'}[/]"
            + (f"\n[dim]{escape(found.note)}[/]" if found.note else ""),
        )
    console = Console()
    console.print(table)
    for found in report.invariants:
        for violation in found.violations:
            console.print(f"[red]{found.id}[/] {escape(violation)}", highlight=False)
        hidden = found.violation_count - len(found.violations)
        if hidden > 0:
            console.print(f"[red]{found.id}[/] and {hidden} more", highlight=False)
        if not found.ok:
            console.print(
                f"{found.id}, next: {_NEXT.get(found.id, _NEXT_OF_BOOKS)}", markup=False, soft_wrap=True
            )
    for warning in report.warnings:
        console.print(warning, markup=False, soft_wrap=True, highlight=False)
