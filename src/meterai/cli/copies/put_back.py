"""Puts the copy of `meterai restore` back: files first, then the database; and settles the keys' counters."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Final

import typer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from meterai.cli.copies.backup_folder import (
    COUNTERS,
    SECRETS,
    copy_folder,
    copy_objects,
    copy_queues,
    keys_in,
    other_queue,
    put_back_queues,
)
from meterai.cli.copies.sealed_state import OpenedState
from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database
from meterai.kit.files.atomic_write import copy_whole
from meterai.kit.files.object_store import FolderStore, open_store
from meterai.kit.settings import Settings, queue_root
from meterai.launcher.database_dump import PROGRAMS, load_database
from meterai.launcher.database_programs import programs_of
from meterai.launcher.database_server import DatabaseServer
from meterai.launcher.embedded_postgres import has_cluster
from meterai.launcher.schema.migrate import head_version
from meterai.stamping.signer.key_files import counter_path, read_counters, read_marks, take_newer
from meterai.stamping.signer.private_keys.key_counter import KeyCounter
from meterai.stamping.use_cases.note_restore import NotedRestore, note_restore

_OF_THE_HOUSE: Final = "secrets/application.json"
_ROOTS: Final = "pki/trust/root.pem"


class CanNot(RuntimeError):
    """The copy can't be put back here. The text says why, and what to do."""


async def put_back(settings: Settings, server: DatabaseServer, copy: OpenedState) -> None:
    """Puts back files, then the database."""
    data, facts = settings.data, copy.facts
    await _refuse_unfit(settings, server, copy)
    programs = await programs_of(settings, *PROGRAMS) if facts.with_database else None
    replaces_database = facts.with_database and not settings.database_url
    if replaces_database and (data / "postgres").is_mount() and has_cluster(data / "postgres"):
        raise CanNot(
            f"{data / 'postgres'} is a disk of its own, so the database there can't be put aside: move "
            f"{data / 'postgres' / 'data'} to another folder, then run the command again. Nothing was "
            "changed."
        )
    aside = set_aside(settings)
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


async def _refuse_unfit(settings: Settings, server: DatabaseServer, copy: OpenedState) -> None:
    """Refuses a copy that does not belong here, or that this release can't put back. Raises: CanNot."""
    data, state, facts = settings.data, copy.path, copy.facts
    for name, is_same in ((_OF_THE_HOUSE, _are_equal), (_ROOTS, _one_holds_the_other)):
        here, there = data / name, state / name
        if here.exists() and not is_same(here, there):
            raise CanNot(f"{data} is another installation's ({name} differs): name an empty --data.")
    if facts.schema > head_version():
        raise CanNot(
            f"The copy was made by a newer release (schema {facts.schema}; this one knows {head_version()} "
            "at most): run the command of that release. Nothing was changed."
        )
    if other := other_queue(state / "queue", queue_root(settings)):
        raise CanNot(
            f"{other} is another queue than the copy's (its keys differ): move it away, then run the "
            "command again. Nothing was changed."
        )
    if not facts.with_database and not await server.exists():
        raise CanNot(
            "The copy holds no database (it was made --without-database): put the database back by your own "
            "means first, then run the command again. Nothing was changed."
        )


def set_aside(settings: Settings) -> Path:
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
    take_newer(state / COUNTERS, data / COUNTERS)
    put_back_queues(state / "queue", queue_root(settings))
    await put_back_objects(settings, copy.objects)
    server.start(0)
    if programs is None:
        return
    if not await server.make_empty():
        raise CanNot("METERAI_DATABASE_URL names a database that is not empty: make a new one, name that.")
    await asyncio.to_thread(load_database, programs, server.owner_url, copy.read_dump)


async def put_back_objects(settings: Settings, objects: FolderStore) -> None:
    """Puts back the files that the store lacks."""
    back, damaged = await fill_store(settings, objects)
    if damaged:
        typer.echo(f"{len(damaged)} files of the copy are damaged, such as {damaged[0]}.", err=True)
    typer.echo(f"{back:,} files put back.")


async def fill_store(settings: Settings, objects: FolderStore) -> tuple[int, list[str]]:
    """Copies the objects that the store lacks into it. Returns how many, and the keys of damaged ones."""
    store = open_store(settings.objects_url, settings.data)
    back = 0
    damaged: list[str] = []
    for keys in keys_in(objects):
        missing = {k for k in keys if not (isinstance(store, FolderStore) and store.has(k))}
        lost = await copy_objects(objects, store, missing)
        back += len(missing) - len(lost)
        damaged += lost
    return back, damaged


def _copy_missing(source: Path, target: Path) -> None:
    """Keeps existing keys, because a key added since is in no copy. So they must be readable."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_whole(path, place)


async def settle_keys(db: Database, settings: Settings) -> NotedRestore:
    """Notes in the register what it has forgotten of keys, and sets counters that are older than it."""
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
