"""`meterai db migrate`: brings the database to the newest schema without starting the service."""

from __future__ import annotations

import asyncio

import typer

from meterai.cli.database_server import DatabaseServer
from meterai.cli.launch import LaunchProblem, only_launcher, prepare_folders
from meterai.kit.installation import Secrets
from meterai.kit.migrations import SchemaIsNewer, head_version
from meterai.kit.postgres import PostgresFailed
from meterai.kit.settings import from_environment


def migrate_database() -> None:
    """Bring the database to the newest schema. An embedded database must be stopped first."""
    settings = from_environment()
    data = settings.data.absolute()
    server = DatabaseServer(settings, Secrets(data))
    try:
        prepare_folders(data)
        with only_launcher(data):
            server.start(0)
            changed = asyncio.run(server.make_ready())
    except (LaunchProblem, PostgresFailed, SchemaIsNewer) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    finally:
        server.stop()
    typer.echo(f"{'Brought' if changed else 'Already'} to version {head_version()}.")
