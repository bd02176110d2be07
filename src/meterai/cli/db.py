"""`meterai db migrate`: brings the database to the newest schema without starting the service."""

from __future__ import annotations

import asyncio

import typer

from meterai.kit.migrations import head_version
from meterai.kit.settings import from_environment


def migrate_database() -> None:
    """Bring the database to the newest schema. Stop the service first, unless it is an external server."""
    settings = from_environment()
    if settings.database_url:
        changed = asyncio.run(_migrate(settings, settings.database_url))
    else:
        changed = _migrate_embedded(settings)
    typer.echo(f"{'Brought' if changed else 'Already'} to version {head_version()}.")
