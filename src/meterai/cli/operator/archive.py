"""`meterai archive renew`: raises released files to their level and renews their proof."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from meterai.bootstrap import WorkerApp, archive_tools_of, open_worker_app
from meterai.cli.data_folder import DataOption, data_folder, refuse_another_users
from meterai.cli.next_command import show_next_command
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.cli.refusal_texts import refusal_text
from meterai.kit.fail_points import never
from meterai.kit.installation import settings_of_running
from meterai.kit.settings import Settings, from_environment
from meterai.stamping.archive.queries import ArchiveCount, count_archive
from meterai.stamping.use_cases.renew_archive import raise_levels, renew_due_archives


def renew_archive(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is due.")] = False,
    raise_level: Annotated[
        bool, typer.Option(help="Older files too, when METERAI_SIGNATURE_LEVEL is higher than theirs.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Raise released files to METERAI_SIGNATURE_LEVEL and renew proofs that near their end.

    The service's workers do the same by themselves. Exit code 1 when some file could not be done.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    settings = settings_of_running(settings)
    if not dry_run:
        refuse_another_users(settings)
    raise typer.Exit(asyncio.run(_renew(settings, dry_run, raise_level)))


async def _renew(settings: Settings, dry_run: bool, raise_level: bool) -> int:
    url = settings.database_operator_url
    async with open_worker_app(settings, database_url=url, jail_slots=1, name="meterai archive") as app:
        tools = archive_tools_of(app, never)
        if raise_level and not dry_run:
            typer.echo(f"Made due: {await raise_levels(tools)}")
        if not dry_run:
            typer.echo(f"Looked after: {await work_off(app)}")
        counts = await count_archive(app.db, app.clock())
    _show(counts)
    if dry_run:
        show_next_command()
    return 1 if not dry_run and any(count.in_trouble for count in counts) else 0


async def work_off(app: WorkerApp) -> int:
    """One file after the other, at the bounded rate, until none is due; those put off are left."""
    tools, done = archive_tools_of(app, never), 0
    pause = 60 / max(1, app.settings.archive_files_per_minute)
    while (turn := await renew_due_archives(tools)).claimed:
        done += turn.done
        await asyncio.sleep(pause)
    return done


def _show(counts: list[ArchiveCount]) -> None:
    table = Table("Level", "Files", "Due", "In trouble", "Next due")
    for count in counts:
        trouble = f"{count.in_trouble} ({count.trouble})" if count.in_trouble else "0"
        due = f"{count.next_due:%Y-%m-%d}" if count.next_due else ""
        table.add_row(count.level, str(count.files), str(count.due), trouble, due)
    Console().print(table)
    for code in sorted({count.trouble for count in counts if count.trouble}):
        typer.echo(refusal_text(code, {}))
