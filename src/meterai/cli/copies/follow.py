"""`meterai follow FOLDER`: copies files within seconds, for a database whose WAL is received elsewhere."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog
import typer

from meterai.cli.copies.followed_folder import FollowedFolder
from meterai.cli.copies.follower import Follower, NotFollowed
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.database import DATABASE_IS_DOWN, connect_alone
from meterai.kit.installation import settings_of_running, where_it_keeps
from meterai.kit.logging import set_up_logging
from meterai.kit.settings import Settings, from_environment
from meterai.operations.followed import forget_followed

log = structlog.get_logger(__name__)

_AGAIN_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5


def follow(
    folder: Annotated[Path, typer.Argument(help="Where the copy lies, best on another machine's disk.")],
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two rounds.")] = 5.0,
    without_wal: Annotated[
        bool, typer.Option("--without-wal", help="You save the WAL by other means than pg_receivewal.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="One round, then the end.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Nobody continues this copy: its age raises no alarm any more.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Copy new files, key counters and queues every few seconds, until stopped. Keys are not copied.

    Exit code 1: there was no round, or with --once it failed.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    settings = where_it_keeps(settings)
    url = settings.database_follower_url or settings_of_running(settings).database_follower_url
    set_up_logging(settings.log_level)
    os.umask(0o077)
    if forget:
        asyncio.run(_forget(url, folder.absolute()))
        return
    if not folder.is_dir():
        typer.echo(f"There is no folder {folder}. Is its disk mounted? If it is new, make it.", err=True)
        raise typer.Exit(1)
    target = FollowedFolder(folder.absolute())
    with target.held():
        if _is_on_our_disk(settings, folder):
            log.warning("follow_same_disk", folder=str(folder))
        follower = Follower(settings, url, target, needs_wal=not without_wal)
        try:
            if not asyncio.run(_once(follower) if once else _go_on(follower, every)):
                raise typer.Exit(1)
        except KeyboardInterrupt:
            pass
        finally:
            follower.close()


def _is_on_our_disk(settings: Settings, folder: Path) -> bool:
    return folder.stat().st_dev == settings.data.stat().st_dev


async def _forget(url: str, folder: Path) -> None:
    connection = await connect_alone(url, application_name="meterai follow")
    try:
        known = await forget_followed(connection, str(folder))
    finally:
        await connection.close()
    typer.echo(f"{folder} is {'forgotten' if known else 'not known'}. Its files stay.")


async def _go_on(follower: Follower, every: float) -> bool:
    loop = asyncio.get_running_loop()
    while True:
        done = await _once(follower)
        until = loop.time() + (every if done else max(every, _AGAIN_SECONDS))
        while (left := until - loop.time()) > 0:
            await asyncio.sleep(min(left, _LOOK_SECONDS))
            follower.look()


async def _once(follower: Follower) -> bool:
    now: datetime = system_clock()
    try:
        await follower.round(now)
    except (NotFollowed, OSError, *DATABASE_IS_DOWN) as problem:
        log.warning("follow_failed", reason=outage_message(problem) or str(problem))
        follower.begin_again()
        return False
    return True
