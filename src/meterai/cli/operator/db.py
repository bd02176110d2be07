"""`meterai db migrate`: brings the database to the newest schema without starting the service."""

from __future__ import annotations

import asyncio

import msgspec
import typer

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.database import DATABASE_IS_DOWN
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import PostgresFailed
from meterai.launcher.first_start import record_known_officers
from meterai.launcher.preparation import LaunchProblem, only_launcher, prepare_folders
from meterai.launcher.schema.migrate import NotMigrated, head_version


def migrate_database(data: DataOption = None) -> None:
    """Bring the database to the newest schema. An embedded database must be stopped first."""
    try:
        changed = _migrate(msgspec.structs.replace(from_environment(), data=data_folder(data)))
    except (LaunchProblem, PostgresFailed, NotMigrated) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    except DATABASE_IS_DOWN as error:
        typer.echo(outage_message(error) or f"The database: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{'Brought' if changed else 'Already'} to version {head_version()}.")


def _migrate(settings: Settings) -> bool:
    data = settings.data.absolute()
    prepare_folders(data)
    with only_launcher(data):
        secrets = Secrets.of(msgspec.structs.replace(settings, data=data))
        server = DatabaseServer(settings, secrets, may_make=not secrets.hold_application)
        try:
            server.start(0)
            return asyncio.run(_make_ready(server, settings))
        finally:
            server.stop()


async def _make_ready(server: DatabaseServer, settings: Settings) -> bool:
    changed = await server.make_ready()
    await record_known_officers(server.owner_url, settings, now=system_clock())
    return changed
