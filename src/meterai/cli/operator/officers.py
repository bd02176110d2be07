"""`meterai officers`: who may sign, as recorded in the database."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_settings import (
    operator_name,
    operator_settings,
    refuse_older_command,
)
from meterai.kernel.clock import system_clock
from meterai.kit.database import connect, connect_alone
from meterai.kit.installation import owner_url, read_addresses, settings_of_running
from meterai.kit.settings import Settings, from_environment
from meterai.operations.officers.register import RecordedOfficer, recorded_officers
from meterai.operations.use_cases.invite_officer import invite_officer as invite
from meterai.operations.use_cases.record_officers import record_officers as record


def list_officers(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show the officers as recorded: their roles and keys."""
    found = asyncio.run(_list(operator_settings(data)))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for officer in found:
        typer.echo(f"{officer.name}  {', '.join(officer.roles) or 'no role any more'}")
        for key in officer.keys:
            typer.echo(f"  {key}")
    if not found:
        typer.echo("No officer is recorded. Production refuses acts that need signatures (docs/on-duty.md).")


def record_officers(data: DataOption = None) -> None:
    """Make the database know the officers file (METERAI_OFFICERS). Needs the owner's rights."""
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    if not settings.officers:
        raise ValueError("METERAI_OFFICERS: name the officers file")
    owner = owner_url(settings)
    if not settings.database_url:
        settings = settings_of_running(settings)
    changed = asyncio.run(_record(owner, settings))
    typer.echo("The officers are recorded." if changed else "Nothing has changed.")


def invite_officer(
    name: Annotated[str, typer.Argument(help="Name of the officer, as in the officers file.")],
    data: DataOption = None,
) -> None:
    """Print a link with which an officer chooses a password, and an app or a passkey.

    Needs the owner's rights. The link counts once, for 24 hours. Used, it ends the password, factors and
    sessions that the officer had.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    owner = owner_url(settings)
    address = settings.console_url or read_addresses(settings.data).console
    token = asyncio.run(_invite(owner, name))
    typer.echo(f"{address.rstrip('/')}/undangan/{token}")
    typer.echo(f"Hand this link to {name} alone. It is shown once and counts once, for 24 hours.", err=True)


async def _invite(owner: str, name: str) -> str:
    connection = await connect_alone(owner, application_name="meterai officers")
    try:
        return await invite(connection, name, actor=operator_name(), now=system_clock())
    finally:
        await connection.close()


async def _list(settings: Settings) -> list[RecordedOfficer]:
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai officers")
    try:
        async with db.connection() as connection:
            return await recorded_officers(connection)
    finally:
        await db.close()


async def _record(owner: str, settings: Settings) -> bool:
    connection = await connect_alone(owner, application_name="meterai officers")
    try:
        return await record(connection, settings, actor=operator_name(), now=system_clock())
    finally:
        await connection.close()
