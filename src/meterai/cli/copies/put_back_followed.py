"""Puts back what `meterai follow` copied, beside a database that was recovered from its WAL."""

from __future__ import annotations

from datetime import datetime

import typer

from meterai.cli.copies.backup_folder import put_back_queues
from meterai.cli.copies.followed_folder import FollowedFolder, FollowedMark
from meterai.cli.copies.put_back import fill_store
from meterai.kit.database import Connection
from meterai.kit.installation_id import AnotherInstallation
from meterai.kit.settings import Settings, queue_root
from meterai.operations.followed import last_seen
from meterai.operations.officers.register import installation_id


async def moment_of_database(connection: Connection, mark: FollowedMark) -> datetime:
    """The moment of the recovered database, as near as it knows. It may be some seconds newer.

    Raises: AnotherInstallation.
    """
    if await installation_id(connection) != mark.installation:
        raise AnotherInstallation(
            "The followed folder is another installation's than the database: name the right folder, or "
            "recover the right database. The files that were put back before are those of the copy."
        )
    seen = await last_seen(connection)
    if seen is not None and seen > mark.at:
        typer.echo(
            f"The database was recovered to {seen:%Y-%m-%d %H:%M:%S} UTC or later, the files only to "
            f"{mark.at:%H:%M:%S}. Files that it names may be missing: meterai check --all names them. "
            "recovery-target.conf in the followed folder has the place in the WAL where both agree.",
            err=True,
        )
    return seen or mark.at


async def put_back_followed(settings: Settings, followed: FollowedFolder) -> None:
    """Puts back queues and objects. What is newer here stays."""
    put_back_queues(followed.queues, queue_root(settings))
    back, damaged = await fill_store(settings, followed.objects)
    typer.echo(f"Put back what followed the service: {back:,} files, counters and queues.")
    if damaged:
        typer.echo(f"{len(damaged):,} files of the followed folder are damaged.", err=True)
