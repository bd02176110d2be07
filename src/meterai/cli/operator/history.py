"""`meterai history`: the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_settings import operator_settings
from meterai.kernel.clock import ZONES
from meterai.kit.audit_trail import AuditEntry, read_audit
from meterai.kit.database import connect
from meterai.kit.formats.display import JAKARTA
from meterai.operations.auditing.heads import Head, read_heads
from meterai.operations.use_cases.verify_audit import CheckedTrail, verify_audit


def show_history(
    of: Annotated[
        list[str] | None,
        typer.Option("--of", help="Only acts of these kinds: quota, queue, refund, key; may be repeated."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many acts, the newest last.")] = 50,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no entry was changed, and every signature again.")
    ] = False,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="With --verify: a file of heads, or one as ENTRY:HASH; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show who did what: deposits, lines, refunds, keys, the stop switch, contacts.

    With --verify: exit code 1 when the trail is not as it was written.
    """
    if verify or head:
        _verify(data, head or [], as_json=as_json)
        return
    found = asyncio.run(_read(data, of or None, limit + 1))
    if as_json:
        typer.echo(msgspec.json.encode(newest(found, limit)).decode())
        return
    for entry in newest(found, limit):
        typer.echo(shown(entry))


def _verify(data: Path | None, given: Sequence[str], *, as_json: bool) -> None:
    try:
        heads = [one for text in given for one in read_heads(text)]
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--head") from None
    found = asyncio.run(_checked(data, heads))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        for problem in found.problems:
            typer.echo(problem)
        typer.echo(_words(found))
    if found.problems:
        raise typer.Exit(1)


def _words(found: CheckedTrail) -> str:
    if found.problems:
        return "The audit trail is not as it was written (docs/on-duty.md, The audit trail)."
    erased = f", {found.erased} are of erased texts" if found.erased else ""
    return (
        f"All {found.entries:,} entries are as they were written. Signatures that hold: {found.signatures:,} "
        f"with SSH keys, {found.passkeys:,} with passkeys{erased}. By the console's word (codes): "
        f"{found.by_console:,}. Heads from outside that fit: {found.heads:,}."
    )


async def _checked(data: Path | None, heads: Sequence[Head]) -> CheckedTrail:
    settings = operator_settings(data)
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai history")
    try:
        return await verify_audit(db, heads)
    finally:
        await db.close()


def newest(found: Sequence[AuditEntry], limit: int) -> Sequence[AuditEntry]:
    """Returns the newest `limit` entries, the newest last. Says on stderr when there are older ones."""
    if len(found) > limit:
        typer.echo(f"Only the newest {limit:,} acts; there are older ones: --limit.", err=True)
    return found[:limit][::-1]


def shown(entry: AuditEntry) -> str:
    """Describes an act in one line, with its time in WIB."""
    facts = ", ".join(f"{name}: {value}" for name, value in entry.facts.items() if value)
    at = f"{entry.at.astimezone(ZoneInfo(JAKARTA)):%Y-%m-%d %H:%M:%S} {ZONES[JAKARTA]}"
    return f"{at} {entry.actor}  {entry.action}  {entry.subject}  {facts}"


async def _read(data: Path | None, kinds: Sequence[str] | None, limit: int) -> list[AuditEntry]:
    settings = operator_settings(data)
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai history")
    try:
        async with db.connection() as connection:
            return await read_audit(connection, kinds=kinds, limit=limit)
    finally:
        await db.close()
