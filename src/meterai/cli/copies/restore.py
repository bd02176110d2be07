"""`meterai restore [DIR]`: puts a copy back and records in the registers what is lost (docs/backup.md)."""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.cli.copies.backup_folder import COUNTERS, BackupFolder
from meterai.cli.copies.backup_keys import CopyRefused, OpeningKeys, opening_keys
from meterai.cli.copies.followed_folder import FollowedFolder
from meterai.cli.copies.put_back import (
    CanNot,
    put_back,
    put_back_objects,
    set_aside,
    settle_keys,
)
from meterai.cli.copies.put_back_followed import moment_of_database, put_back_followed
from meterai.cli.copies.sealed_state import OpenedState
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.forgotten_keys import words_of_unregistered, words_of_unretired
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.database import DATABASE_IS_DOWN, connect
from meterai.kit.files.sealed_files import SealBroken
from meterai.kit.installation import where_it_keeps
from meterai.kit.installation_id import AnotherInstallation, forget_id
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment, queue_root
from meterai.launcher.database_dump import DumpFailed
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import PostgresFailed
from meterai.launcher.preparation import LaunchProblem, only_launcher, prepare_folders
from meterai.launcher.schema.migrate import NotMigrated
from meterai.stamping.queries import serials_under_way
from meterai.stamping.signer.key_files import take_newer
from meterai.stamping.use_cases.note_restore import NotedRestore
from meterai.waiting_room.files.log_facts import OperatorFacts
from meterai.waiting_room.use_cases.rewind_queues import RewoundQueues, rewind_queues


def restore(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of `meterai backup`. None: the database was put back by other means."),
    ] = None,
    identity: Annotated[
        Path | None, typer.Option(help="File with the private key that opens the copy (docs/backup.md).")
    ] = None,
    signer: Annotated[
        str,
        typer.Option(
            help="Public key of the server that made the copy. Empty: that of METERAI_BACKUP_SIGNING_KEY."
        ),
    ] = "",
    unencrypted: Annotated[
        bool,
        typer.Option("--unencrypted", help="Accept a copy of an earlier release, not encrypted or signed."),
    ] = False,
    without_database: Annotated[
        bool, typer.Option("--without-database", help="Leave the database, which you put back, as it is.")
    ] = False,
    only_objects: Annotated[
        bool,
        typer.Option("--objects", help="Only files that the store lacks. The service may run meanwhile."),
    ] = False,
    followed: Annotated[
        Path | None,
        typer.Option(help="Folder of `meterai follow`, for a database that was recovered from its WAL."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Put a copy back while the service is stopped. What is newer here than in the copy is kept."""
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    copy = (
        BackupFolder(folder.absolute(), is_for_files=without_database or followed is not None)
        if folder
        else None
    )
    newer = FollowedFolder(followed.absolute()) if followed else None
    brings_database = copy is not None and copy.facts().with_database
    server = DatabaseServer(settings, Secrets.of(settings), may_make=brings_database)
    try:
        keys = None
        if copy is not None:
            copy.refuse_other_kind(unencrypted=unencrypted)
            if not unencrypted:
                keys = opening_keys(settings, identity, signer)
                copy.refuse_unsigned(keys)
        if copy is not None and only_objects:
            asyncio.run(put_back_objects(where_it_keeps(settings), copy.objects_of(keys)))
            return
        prepare_folders(settings.data)
        os.umask(0o077)
        with only_launcher(settings.data), _opened(copy, keys, settings) as state:
            asyncio.run(_restore(settings, server, state, newer))
    except (
        LaunchProblem,
        PostgresFailed,
        NotMigrated,
        DumpFailed,
        CopyRefused,
        SealBroken,
        CanNot,
        AnotherInstallation,
        *DATABASE_IS_DOWN,
    ) as problem:
        typer.echo(f"Not restored. {outage_message(problem) or problem}", err=True)
        raise typer.Exit(1) from None
    finally:
        server.stop()


def _opened(
    copy: BackupFolder | None, keys: OpeningKeys | None, settings: Settings
) -> AbstractContextManager[OpenedState | None]:
    """Decrypts into the data directory, which holds the same secrets in the clear."""
    return copy.opened(keys, settings.data / "restore.part") if copy else nullcontext()


async def _restore(
    settings: Settings, server: DatabaseServer, copy: OpenedState | None, followed: FollowedFolder | None
) -> None:
    mark = followed.mark() if followed else None
    if copy is not None:
        await put_back(settings, server, copy)
        if copy.facts.with_database:
            forget_id(settings.data)  # the copy's installation lives here from now on
    else:
        server.start(0)
    await server.make_ready(typer.echo)
    if copy is None:
        typer.echo(f"Counters and queues are in {set_aside(settings)} as they were.")
    db = await connect(server.url("operator"), connections_max=1, application_name="meterai restore")
    try:
        copied_at = copy.facts.made_at if copy and copy.facts.with_database else None
        if followed is not None and mark is not None:
            async with db.connection() as connection:
                copied_at = await moment_of_database(connection, mark)
            take_newer(followed.counters, settings.data / COUNTERS)
            await put_back_followed(settings, followed)
        noted = await settle_keys(db, settings)
        root = queue_root(settings)
        queues = await rewind_queues(db, root, actor=operator_name(), now=system_clock())
        _show(noted, queues, await serials_under_way(db), copied_at)
    finally:
        await db.close()
    for event in queues.lost:
        typer.echo(
            f"The files of queue {event} are NOT in {root}: every ticket is void without them, and the line "
            "stands still. If another copy has them: meterai restore COPY --without-database.",
            err=True,
        )
    for event in queues.too_old:
        typer.echo(
            f"The files of queue {event} in {root} are TOO OLD: the database no longer keeps what its public "
            f"log lacks, and the line stands still. Move {root / event} away, then run meterai restore with "
            "a newer copy.",
            err=True,
        )
    if queues.lost or queues.too_old:
        raise typer.Exit(1)


def _show_keys(noted: NotedRestore) -> None:
    for key, (state, retired_at) in noted.unretired.items():
        typer.echo(words_of_unretired(key, state, retired_at))
    for other in noted.unregistered:
        typer.echo(words_of_unregistered(other))


def _act(facts: OperatorFacts) -> str:
    value = " --always" if facts.value == "always" else f" {facts.value}" if facts.value else ""
    return f"{facts.action}{value}{f' ({facts.reason})' if facts.reason else ''}"


def _show(
    noted: NotedRestore, queues: RewoundQueues, under_way: list[str], copied_at: datetime | None
) -> None:
    """Says what is lost, keys first. `copied_at`: None when the database was put back by other means."""
    _show_keys(noted)
    moment = f"{copied_at:%Y-%m-%d %H:%M:%S} UTC" if copied_at else "the moment of the database put back"
    typer.echo(f"Lost: orders, payments and all else that happened after {moment}.")
    typer.echo(
        f"Of stamps since {noted.lost_from:%Y-%m-%d %H:%M:%S} UTC that the register does not know the "
        "verifier says that it can't tell."
    )
    for key, uses in noted.forgotten.items():
        typer.echo(f"Key {key} made {uses:,} signatures that the register does not know.")
    for key, uses in noted.counters.items():
        typer.echo(f"The counter of key {key} was older than the register: it says {uses:,} now.")
    if under_way:
        typer.echo(
            f"{len(under_way)} serial numbers were under way and may be out already. Each goes on to the "
            f"same document: {', '.join(under_way)}"
        )
    for queue in queues.rewound:
        if queue.entries:
            typer.echo(
                f"Queue {queue.event}: {queue.entries:,} entries of the public log are taken back; who waits "
                f"keeps the place. Publish the head that ended there: {queue.head}"
            )
        if queue.acts:
            typer.echo(
                f"Queue {queue.event}: operators did in that time, and it is NOT in force any more: "
                f"{'; '.join(map(_act, queue.acts))}. Look at meterai queue status as soon as the service "
                "runs, and do again what shall hold."
            )
    for event, lists in queues.lists.items():
        if lists:
            typer.echo(
                f"Queue {event}: {sum(one.joins for one in lists):,} joins of windows {lists[0].window} to "
                f"{lists[-1].window} are in no journal any more. Their tickets are honoured; the lists are "
                "published with what is left, and meterai queue audit names these windows for good."
            )
    typer.echo("Next: start the service, then go through docs/backup.md, 'After a restore'.")
