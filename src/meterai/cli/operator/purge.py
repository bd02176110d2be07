"""`meterai purge`: what the clean-up would delete now, and deleting it at once."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from meterai.cli.data_folder import DataOption
from meterai.cli.next_command import show_next_command
from meterai.cli.operator.shared.operator_settings import operator_settings
from meterai.kernel.clock import system_clock
from meterai.kit.database import connect
from meterai.kit.files.object_store import open_store
from meterai.kit.settings import Settings
from meterai.operations.use_cases.purge import Due, look, purge
from meterai.stamping.use_cases.clean_up import Orphans


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    deleted: bool
    due: list[Due]


def purge_now(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    data: DataOption = None,
) -> None:
    """Delete now what the worker's clean-up would delete in its next rounds, and say what it was.

    Unproven drafts end an hour after their last use, other uploads after seven days. Nothing that is paid,
    promised or in line is touched.
    """
    due = asyncio.run(_purge(operator_settings(data), dry_run=dry_run))
    if as_json:
        typer.echo(msgspec.json.encode(Report(deleted=not dry_run, due=due)).decode())
    else:
        _show(due, dry_run=dry_run)
    if dry_run:
        show_next_command()


async def _purge(settings: Settings, *, dry_run: bool) -> list[Due]:
    db = await connect(settings.database_operator_url, connections_max=2, application_name="meterai purge")
    try:
        objects = await asyncio.to_thread(open_store, settings.objects_url, settings.data, needs_mark=True)
        orphans = Orphans(db, objects, system_clock)
        step = look if dry_run else purge
        return await step(db, objects, orphans, now=system_clock())
    finally:
        await db.close()


def _show(due: list[Due], *, dry_run: bool) -> None:
    table = Table(title="Would be deleted now" if dry_run else "Deleted")
    table.add_column("")
    for name in ("Count", "Bytes", "Oldest (UTC)"):
        table.add_column(name, justify="right")
    for one in due:
        oldest = f"{one.oldest.astimezone(UTC):%Y-%m-%d %H:%M}" if one.oldest else ""
        table.add_row(one.kind, f"{one.count:,}", f"{one.bytes:,}", oldest)
    Console().print(table)
