"""`meterai restore [DIR]`: puts a copy back and records in the registers what is lost (docs/backup.md)."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from meterai.cli.copies.backup_folder import (
    COUNTERS,
    SECRETS,
    BackupFolder,
    copy_folder,
    copy_objects,
    copy_queues,
    keys_in,
    other_queue,
    put_back_queues,
)
from meterai.cli.copies.backup_keys import CopyRefused, OpeningKeys, opening_keys
from meterai.cli.copies.followed_folder import FollowedFolder
from meterai.cli.copies.put_back_followed import OtherInstallation, moment_of_database, put_back_followed
from meterai.cli.copies.sealed_state import OpenedState
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.forgotten_keys import words_of_unregistered, words_of_unretired
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.database import DATABASE_IS_DOWN, Database, connect
from meterai.kit.files.atomic_write import copy_whole
from meterai.kit.files.object_store import FolderStore, open_store
from meterai.kit.files.sealed_files import SealBroken
from meterai.kit.installation import where_it_keeps
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings, from_environment, queue_root
from meterai.launcher.database_dump import PROGRAMS, DumpFailed, load_database
from meterai.launcher.database_programs import programs_of
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import PostgresFailed, has_cluster
from meterai.launcher.preparation import LaunchProblem, only_launcher, prepare_folders
from meterai.launcher.schema.migrate import NotMigrated, head_version
from meterai.stamping.queries import serials_under_way
from meterai.stamping.signer.key_files import add_marks, counter_path, read_counters, read_marks
from meterai.stamping.signer.private_keys.key_counter import KeyCounter
from meterai.stamping.use_cases.note_restore import NotedRestore, note_restore
from meterai.waiting_room.files.log_facts import OperatorFacts
from meterai.waiting_room.use_cases.rewind_queues import RewoundQueues, rewind_queues

_OF_THE_HOUSE, _ROOTS = "secrets/application.json", "pki/trust/root.pem"


class _CanNot(RuntimeError):
    """The copy can't be put back here. The text says why, and what to do."""


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
    server = DatabaseServer(settings, Secrets(settings.data), may_make=brings_database)
    try:
        keys = None
        if copy is not None:
            copy.refuse_other_kind(unencrypted=unencrypted)
            if not unencrypted:
                keys = opening_keys(settings, identity, signer)
                copy.refuse_unsigned(keys)
        if copy is not None and only_objects:
            asyncio.run(_put_back_objects(where_it_keeps(settings), copy.objects_of(keys)))
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
        _CanNot,
        OtherInstallation,
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
        await _put_back(settings, server, copy)
    else:
        server.start(0)
    await server.make_ready(typer.echo)
    if copy is None:
        typer.echo(f"Counters and queues are in {_set_aside(settings)} as they were.")
    db = await connect(server.url("operator"), connections_max=1, application_name="meterai restore")
    try:
        copied_at = copy.facts.made_at if copy and copy.facts.with_database else None
        if followed is not None and mark is not None:
            async with db.connection() as connection:
                copied_at = await moment_of_database(connection, mark)
            _newest_counters(followed.counters, settings.data / COUNTERS)
            add_marks(followed.counters, settings.data / COUNTERS)
            await put_back_followed(settings, followed)
        noted = await _settle_keys(db, settings)
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


async def _put_back(settings: Settings, server: DatabaseServer, copy: OpenedState) -> None:
    """Puts back files, then the database."""
    data, state, facts = settings.data, copy.path, copy.facts
    for name, is_same in ((_OF_THE_HOUSE, _are_equal), (_ROOTS, _one_holds_the_other)):
        here, there = data / name, state / name
        if here.exists() and not is_same(here, there):
            raise _CanNot(f"{data} is another installation's ({name} differs): name an empty --data.")
    if facts.schema > head_version():
        raise _CanNot(
            f"The copy was made by a newer release (schema {facts.schema}; this one knows {head_version()} "
            "at most): run the command of that release. Nothing was changed."
        )
    if other := other_queue(state / "queue", queue_root(settings)):
        raise _CanNot(
            f"{other} is another queue than the copy's (its keys differ): move it away, then run the "
            "command again. Nothing was changed."
        )
    if not facts.with_database and not await server.exists():
        raise _CanNot(
            "The copy holds no database (it was made --without-database): put the database back by your own "
            "means first, then run the command again. Nothing was changed."
        )
    programs = await programs_of(settings, *PROGRAMS) if facts.with_database else None
    replaces_database = facts.with_database and not settings.database_url
    if replaces_database and (data / "postgres").is_mount() and has_cluster(data / "postgres"):
        raise _CanNot(
            f"{data / 'postgres'} is a disk of its own, so the database there can't be put aside: move "
            f"{data / 'postgres' / 'data'} to another folder, then run the command again. Nothing was "
            "changed."
        )
    aside = _set_aside(settings)
    if replaces_database and (data / "postgres").exists() and not (data / "postgres").is_mount():
        (data / "postgres").rename(aside / "postgres")
    try:
        await _fill(settings, server, copy, programs)
    except BaseException:
        if (aside / "postgres").exists():
            server.stop()
            shutil.rmtree(data / "postgres", ignore_errors=True)
            (aside / "postgres").rename(data / "postgres")
            typer.echo("The database is as it was before the command.", err=True)
        raise
    what = "" if facts.with_database else ", all but the database, which stays as you put it back"
    typer.echo(f"Restored the copy of {facts.made_at:%Y-%m-%d %H:%M:%S} UTC{what}.{_what_was_here(aside)}")


def _set_aside(settings: Settings) -> Path:
    """Copies counters and queues aside, because a restore cuts off what is newer than the database."""
    aside = settings.data / f"before-restore-{system_clock():%Y%m%dT%H%M%S.%fZ}"
    aside.mkdir(mode=0o711)
    copy_queues(queue_root(settings), aside / "queue")
    copy_folder(settings.data / COUNTERS, aside / COUNTERS)
    return aside


def _what_was_here(aside: Path) -> str:
    """Where it is; empty when there was nothing, as on a new machine."""
    if any(not path.is_dir() for path in aside.rglob("*")):
        return f" What was here is in {aside}."
    shutil.rmtree(aside)
    return ""


def _are_equal(here: Path, there: Path) -> bool:
    return here.read_bytes() == there.read_bytes()


def _one_holds_the_other(here: Path, there: Path) -> bool:
    """Certificates that are renewed are added to the old ones (docs/keys.md)."""
    ours, theirs = _certificates(here), _certificates(there)
    return _are_equal(here, there) or bool(ours and theirs and (ours <= theirs or ours >= theirs))


def _certificates(file: Path) -> set[bytes]:
    """Empty when it holds none that can be read."""
    try:
        return {one.public_bytes(Encoding.DER) for one in load_pem_x509_certificates(file.read_bytes())}
    except (OSError, ValueError):
        return set()


async def _fill(settings: Settings, server: DatabaseServer, copy: OpenedState, programs: Path | None) -> None:
    data, state = settings.data, copy.path
    for name in SECRETS:
        _copy_missing(state / name, data / name)
    if _certificates(data / _ROOTS) < _certificates(state / _ROOTS):
        copy_whole(state / _ROOTS, data / _ROOTS)
    _newest_counters(state / COUNTERS, data / COUNTERS)
    add_marks(state / COUNTERS, data / COUNTERS)
    put_back_queues(state / "queue", queue_root(settings))
    await _put_back_objects(settings, copy.objects)
    server.start(0)
    if programs is None:
        return
    if not await server.make_empty():
        raise _CanNot("METERAI_DATABASE_URL names a database that is not empty: make a new one, name that.")
    await asyncio.to_thread(load_database, programs, server.owner_url, copy.read_dump)


async def _put_back_objects(settings: Settings, objects: FolderStore) -> None:
    """Puts back the files that the store lacks."""
    store = open_store(settings.objects_url, settings.data)
    back = 0
    for keys in keys_in(objects):
        missing = {k for k in keys if not (isinstance(store, FolderStore) and store.has(k))}
        lost = await copy_objects(objects, store, missing)
        back += len(missing) - len(lost)
        if lost:
            typer.echo(f"{len(lost)} files of the copy are damaged, such as {lost[0]}.", err=True)
    typer.echo(f"{back:,} files put back.")


def _copy_missing(source: Path, target: Path) -> None:
    """Keeps existing keys, because a key added since is in no copy. So they must be readable."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_whole(path, place)


def _newest_counters(source: Path, target: Path) -> None:
    """Keeps the greater counter, because counters only grow."""
    target.mkdir(mode=0o700, exist_ok=True)
    here = read_counters(target)
    for key, uses in read_counters(source).items():
        if uses > here.get(key, -1):
            copy_whole(counter_path(source, key), counter_path(target, key))


async def _settle_keys(db: Database, settings: Settings) -> NotedRestore:
    folder = settings.data / COUNTERS
    folder.mkdir(mode=0o700, exist_ok=True)
    noted = await note_restore(
        db, read_counters(folder), read_marks(folder), actor=operator_name(), now=system_clock()
    )
    for key, uses in noted.counters.items():
        counter = KeyCounter(counter_path(folder, key))
        counter.value = uses
        counter.write()
        counter.sync()
        counter.close()
    return noted


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
