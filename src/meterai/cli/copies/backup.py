"""`meterai backup DIR`: copies everything that must not be lost, while the service runs (docs/backup.md)."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer

from meterai.cli.copies.backup_folder import (
    COUNTERS,
    KEY_LENGTH,
    SECRETS,
    BackupFolder,
    copy_folder,
    copy_objects,
    copy_queues,
    keys_in,
)
from meterai.cli.copies.backup_keys import SealingKeys, sealing_keys
from meterai.cli.copies.sealed_objects import SealedObjects
from meterai.cli.copies.sealed_state import DUMP, SEALED, BackupFacts, NewState
from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.cli.outage_messages import outage_message
from meterai.kernel.clock import system_clock
from meterai.kit.database import DATABASE_IS_DOWN, Connection, connect_alone
from meterai.kit.files.object_store import FolderStore, ObjectStore, open_store
from meterai.kit.installation import owner_url, where_it_keeps
from meterai.kit.settings import Settings, from_environment, queue_root
from meterai.launcher.database_dump import PROGRAMS, DumpFailed, dump_database
from meterai.launcher.database_programs import programs_of
from meterai.launcher.embedded_postgres import PostgresFailed
from meterai.launcher.schema.migrate import current_version
from meterai.operations.last_backup import note_backup
from meterai.stamping.queries import not_referred_to, objects_under_way, released_objects

_SNAPSHOTS_MAX = 40
_FILES_MISSING = 3
"""Exit code of a whole copy from a store that is not."""


@dataclass(slots=True, kw_only=True)
class _Compared:
    """The rows of the snapshot beside the files of store and copy."""

    lacking: list[str]
    """What the copy lacks of the store: the keys of a part in one text. A first copy may lack millions."""
    unneeded: list[str]
    """In the copy, gone from the store, and named by no row."""
    missing: int
    """Released, or needed by jobs under way, and not in the store."""
    kept: int
    """Of these, in the copy."""
    example: str


def backup(
    folder: Annotated[Path, typer.Argument(help="Where the copy lies or shall lie.")],
    without_database: Annotated[
        bool, typer.Option("--without-database", help="All but the database, which you save by other means.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Copy database, files, secrets, keys and queues, encrypted, while the service runs. Again: renew it.

    Exit code 1: there is no new copy. 2: no service runs here. 3: there is a copy, but files are missing in
    the store.
    """
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    keys = sealing_keys(settings)
    url = owner_url(settings)
    settings = where_it_keeps(settings)
    os.umask(0o077)
    _refuse_what_is_ours(folder.resolve(), settings)
    copy = BackupFolder(folder.absolute())
    if without_database and copy.holds_database:
        raise typer.BadParameter(
            f"the copy in {folder} holds the database, which would be gone from it: name another folder, or "
            f"delete {DUMP}{SEALED} there first",
            param_hint="--without-database",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with copy.held():
            copy.claim(keys)
            asyncio.run(_backup(settings, url, copy, keys, with_database=not without_database))
    except (DumpFailed, PostgresFailed, *DATABASE_IS_DOWN) as problem:
        why = outage_message(problem) or problem
        typer.echo(f"No new copy; an earlier one in {folder} is untouched. {why}", err=True)
        raise typer.Exit(1) from None


def _refuse_what_is_ours(folder: Path, settings: Settings) -> None:
    """A copy there would be compared with itself, and what comes meanwhile be deleted as gone.

    Raises: typer.BadParameter.
    """
    store = open_store(settings.objects_url, settings.data)
    files = [store.root.resolve()] if isinstance(store, FolderStore) else []
    places = [settings.data.resolve(), queue_root(settings).resolve(), *files]
    if (folder / "objects").resolve() in files or any(folder.is_relative_to(place) for place in places):
        raise typer.BadParameter(
            f"the service keeps its own files in {folder}: name another folder, best on another disk",
            param_hint="FOLDER",
        )


async def _backup(
    settings: Settings, url: str, folder: BackupFolder, keys: SealingKeys, *, with_database: bool
) -> None:
    """Copies the database first, then the files that its rows name, which outlast the rows.

    Files of jobs under way are copied before it, because they are deleted when a job ends.
    """
    store = open_store(settings.objects_url, settings.data)
    programs = await programs_of(settings, *PROGRAMS) if with_database else None
    objects, new = folder.objects(keys), folder.begin(keys)
    if new.earlier is None and (folder.path / "state").exists():
        typer.echo(f"The state in {folder.path} is not signed by this server: all is copied again.", err=True)
    # Secrets first: without them the rest is useless. Only the first start writes them.
    for name in SECRETS:
        copy_folder(settings.data / name, new.path / name, new.put)
    facts, found = await _copy_database(url, store, objects, new, programs=programs)
    copied = await _copy_objects(store, objects, found.lacking)
    # After the dump. A restore can settle counters and logs that are ahead of the rows. If they were older,
    # nobody could tell what they lack.
    copy_folder(settings.data / COUNTERS, new.path / COUNTERS, new.put)
    copy_queues(queue_root(settings), new.path / "queue", new.put)
    await asyncio.to_thread(folder.finish, new, facts)
    await _note(url, facts)
    gone = await _forget_objects(store, objects, found.unneeded)
    database = "the database" if with_database else "WITHOUT the database, all else"
    typer.echo(
        f"Copied to {folder.path}: {database} as at {facts.made_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"{copied:,} new files ({gone:,} are gone), secrets, keys, queues. It is encrypted."
    )
    if found.missing:
        typer.echo(
            f"{found.missing:,} files are MISSING in the store, such as {found.example}; the copy has "
            f"{found.kept:,} of them and keeps these. Is the store's disk there? 'Files that are missing' in "
            "docs/backup.md says how to put them back.",
            err=True,
        )
        raise typer.Exit(_FILES_MISSING)


async def _copy_database(
    url: str, store: ObjectStore, objects: SealedObjects, new: NewState, *, programs: Path | None
) -> tuple[BackupFacts, _Compared]:
    """`programs`: those that make the dump; None: no dump is made."""
    connection = await connect_alone(url, application_name="meterai backup")
    try:
        for attempt in range(_SNAPSHOTS_MAX):
            reading = connection.transaction(isolation="repeatable_read", readonly=True)
            await reading.start()
            snapshot: str = await connection.fetchval("SELECT pg_export_snapshot()")
            made_at = system_clock()
            lost = await copy_objects(store, objects, await objects_under_way(connection))
            if not lost or attempt == _SNAPSHOTS_MAX - 1:
                break
            await reading.rollback()  # a job ended meanwhile
        schema = await current_version(connection) or ""
        facts = BackupFacts(made_at=made_at, schema=schema, with_database=programs is not None)
        if programs:

            def take(stream: IO[bytes]) -> None:
                new.take(stream, new.path / DUMP)

            await asyncio.to_thread(dump_database, programs, url, take, snapshot=snapshot)
        found = await _compare(connection, store, objects, lost)
        await reading.rollback()
    finally:
        await connection.close()
    return facts, found


async def _compare(
    connection: Connection, store: ObjectStore, objects: SealedObjects, lost: list[str]
) -> _Compared:
    """Compares rows, store and copy. `lost`: files of jobs under way that could not be copied."""
    found = _Compared(
        lacking=[],
        unneeded=[],
        missing=len(lost),
        kept=sum(map(objects.has, lost)),
        example=next(iter(lost), ""),
    )
    if not isinstance(store, FolderStore):
        return found
    for part, (there, here) in enumerate(zip(keys_in(store), keys_in(objects), strict=True)):
        found.lacking.append("".join(there - here))
        missing = await released_objects(connection, part) - there
        found.missing += len(missing)
        found.kept += len(missing & here)
        found.example = found.example or min(missing, default="")
        found.unneeded += await not_referred_to(connection, list(here - there))
    return found


async def _note(url: str, facts: BackupFacts) -> None:
    connection = await connect_alone(url, application_name="meterai backup")
    try:
        await note_backup(connection, facts.made_at)
    finally:
        await connection.close()


async def _copy_objects(store: ObjectStore, objects: SealedObjects, lacking: list[str]) -> int:
    """Copies the objects that the copy lacks. None for S3, which keeps its own copies."""
    copied = 0
    for part in lacking:
        keys = [part[start : start + KEY_LENGTH] for start in range(0, len(part), KEY_LENGTH)]
        copied += len(keys) - len(await copy_objects(store, objects, keys))
    return copied


async def _forget_objects(store: ObjectStore, objects: SealedObjects, unneeded: list[str]) -> int:
    """Deletes from the copy what the service deleted, mostly uploads.

    Never a file that a row names: if the store has lost it, this is the last copy.
    """
    if not isinstance(store, FolderStore):
        return 0
    gone = [key for key in unneeded if not store.has(key)]  # the same file may have come again
    for key in gone:
        await objects.delete(key)
    return len(gone)
