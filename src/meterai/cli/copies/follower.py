"""The rounds of `meterai follow`. After each, the copy is good for the moment when the round began."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from meterai.cli.copies.backup_folder import COUNTERS, KEY_LENGTH, copy_objects, keys_in
from meterai.cli.copies.followed_folder import LEFT_OUT, FollowedFolder, FollowedMark
from meterai.kit.database import Connection, connect_alone
from meterai.kit.files.folder_watch import FolderWatch
from meterai.kit.files.followed_file import is_followed
from meterai.kit.files.object_store import FolderStore, open_store
from meterai.kit.settings import Settings, queue_root
from meterai.operations.followed import WAL_SLOT, WalPlace, begin_round, end_round, has_received
from meterai.operations.officers.register import installation_id
from meterai.stamping.queries import not_referred_to, objects_under_way

log = structlog.get_logger(__name__)

_SNAPSHOTS_MAX: Final = 40
_EVERYTHING_EVERY: Final = timedelta(hours=1)
_WAL_SECONDS_MAX: Final = 30.0
_WAL_LOOK_SECONDS: Final = 0.1


class NotFollowed(RuntimeError):
    """The copy is not good for a newer moment. The text says why, and what to do."""


class Follower:
    """Follows one service to one folder.

    The order makes each round safe. First the place in the WAL, then the files that the rows before it name,
    then counters and queues, then the mark. Files that nobody needs are deleted after it. So everything
    that the database names at the mark is in the folder, and counters and queues are as new or newer.
    """

    def __init__(self, settings: Settings, url: str, folder: FollowedFolder, *, needs_wal: bool) -> None:
        self._settings = settings
        self._url = url
        self._folder = folder
        self._needs_wal = needs_wal
        store = open_store(settings.objects_url, settings.data, needs_mark=True)
        self._store = store if isinstance(store, FolderStore) else None
        """None: S3 keeps its own copies."""
        self._queues = queue_root(settings)
        self._watches: list[FolderWatch] = []
        self._compared_at: datetime | None = None
        self._gone: set[str] = set()
        """Files that the store has no more. They leave the copy when no row names them."""

    async def round(self, now: datetime) -> None:
        """Copies what is new. Raises: NotFollowed, OSError, asyncpg.PostgresError."""
        connection = await connect_alone(self._url, application_name="meterai follow")
        try:
            self._watch()
            everything = self._compared_at is None or now - self._compared_at > _EVERYTHING_EVERY
            await self._copy_new_files(everything=everything)
            gone, self._gone = self._gone, set()
            place = await self._copy_files_under_way(connection, now)
            await self._copy_new_files(everything=False)
            self._folder.follow_counters(self._settings.data / COUNTERS)
            await asyncio.to_thread(self._copy_queues, now, everything=everything)
            if self._needs_wal:
                await _until_received(connection, place)
            ours = await installation_id(connection)
            self._folder.set_mark(FollowedMark(at=now, lsn=place.lsn, installation=ours))
            await end_round(connection, str(self._folder.path), now)
            await self._forget_files(connection, gone)
            self._compared_at = now if everything else self._compared_at
        finally:
            await connection.close()

    def look(self) -> None:
        """Reads what the kernel has noted, between two rounds."""
        for watch in self._watches:
            watch.read()

    def begin_again(self) -> None:
        """Makes the next round compare everything."""
        self._compared_at = None

    def close(self) -> None:
        """Ends the watches."""
        for watch in self._watches:
            watch.close()
        self._watches = []

    def _watch(self) -> None:
        """Watches the folders, again when another disk is mounted there."""
        if self._store is not None and not self._store.is_marked:
            raise NotFollowed(f"{self._store.root} has no .meterai-objects: is its disk mounted?")
        if self._compared_at and self._watches and all(watch.is_current for watch in self._watches):
            return
        self.close()
        self._compared_at = None
        self._queues.mkdir(parents=True, exist_ok=True)
        roots = [self._queues, *([self._store.root] if self._store is not None else [])]
        self._watches = [FolderWatch(root, but_for=LEFT_OUT) for root in roots]

    async def _copy_files_under_way(self, connection: Connection, now: datetime) -> WalPlace:
        """Copies what unfinished jobs need, as of a place in the WAL.

        When a job ends, its files are deleted. Then a later place is taken, at which it has ended.
        """
        missing: set[str] = set()
        for _ in range(_SNAPSHOTS_MAX):
            place = await begin_round(connection, str(self._folder.path), now)
            if self._store is None:
                return place
            needed = await objects_under_way(connection)
            lost = await self._copy(self._store, needed)
            if lost <= missing:
                break
            missing = lost
        if lost:
            log.warning("follow_missing", files=len(lost), key=min(lost))
        return place

    async def _copy_new_files(self, *, everything: bool) -> None:
        if self._store is None:
            return
        changes = self._watches[1].take()
        new, gone = _keys(changes.changed), _keys(changes.gone)
        await self._copy(self._store, new)
        self._gone |= gone
        if everything or not changes.is_complete:
            for there, here in zip(keys_in(self._store), keys_in(self._folder.objects), strict=True):
                await self._copy(self._store, there - here)
                self._gone |= here - there

    async def _copy(self, store: FolderStore, keys: Iterable[str]) -> set[str]:
        """Returns the keys of files that are damaged or not there any more."""
        lacking = [key for key in keys if not self._folder.objects.has(key)]
        lost = set(await copy_objects(store, self._folder.objects, lacking))
        damaged = [key for key in lost if store.has(key)]
        if damaged:
            log.warning("follow_damaged", files=len(damaged), key=damaged[0])
        return lost

    def _copy_queues(self, now: datetime, *, everything: bool) -> None:
        changes = self._watches[0].take()
        paths = changes.changed
        if everything or not changes.is_complete:
            paths = {path for path in self._files_of_queues() if not self._is_followed(path)}
        self._folder.follow_queues(self._queues, paths, now=now)

    def _files_of_queues(self) -> Iterable[Path]:
        for folder, folders, files in self._queues.walk():
            folders[:] = [name for name in folders if name not in LEFT_OUT]
            yield from (folder / name for name in files)

    def _is_followed(self, path: Path) -> bool:
        return is_followed(path, self._folder.queues / path.relative_to(self._queues))

    async def _forget_files(self, connection: Connection, gone: set[str]) -> None:
        """Deletes files from the copy that no row names any more. The store had deleted them before the round
        began, so the mark does not need them."""
        if self._store is None:
            return
        copied = {key for key in gone if self._folder.objects.has(key) and not self._store.has(key)}
        unneeded = await not_referred_to(connection, list(copied))
        for key in unneeded:
            await self._folder.objects.delete(key)
        self._gone |= copied.difference(unneeded)


def _keys(paths: Iterable[Path]) -> set[str]:
    """The keys of objects among files of the store."""
    keys = {path.parent.name + path.name for path in paths}
    return {key for key in keys if len(key) == KEY_LENGTH and "." not in key}


async def _until_received(connection: Connection, place: WalPlace) -> None:
    """Waits until the WAL of this round is on the receiver's disk."""
    deadline = asyncio.get_running_loop().time() + _WAL_SECONDS_MAX
    while not (received := await has_received(connection, place.beyond)):
        if received is None:
            raise NotFollowed(
                f"the database has no replication slot {WAL_SLOT}: start meterai-wal.service "
                "(docs/backup.md), or follow --without-wal"
            )
        if asyncio.get_running_loop().time() > deadline:
            raise NotFollowed("pg_receivewal does not keep up, or does not run: see meterai-wal.service")
        await asyncio.sleep(_WAL_LOOK_SECONDS)
