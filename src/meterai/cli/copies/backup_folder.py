"""The folder of `meterai backup`: `state/` as it was at one moment, `objects/`, and `recipients.txt`.

`state/`: `backup.json` with its signature, `database.dump`, and the folders secrets, pki, signer, queue of
the data directory. All but `backup.json` is encrypted (`NAME.age`). Unchanged files are hard links to those
of the state before. `objects/`: encrypted, too; the names are the digests of the contents.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from meterai.cli.copies.backup_keys import CopyRefused, OpeningKeys, SealingKeys
from meterai.cli.copies.sealed_objects import SealedObjects
from meterai.cli.copies.sealed_state import (
    DUMP,
    SEALED,
    BackupFacts,
    Earlier,
    NewState,
    OpenedState,
    facts_in,
    is_sealed,
    is_signed,
    opened_state,
)
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.atomic_write import copy_whole, sync_file_system, write_whole
from meterai.kit.files.file_lock import locked
from meterai.kit.files.object_store import FolderStore, ObjectMissing, ObjectStore, key_of
from meterai.waiting_room.files.queue_folder import QueueFolder, folders_in, queue_of
from meterai.waiting_room.files.queue_keys import are_of_one_queue, separate_keys

SECRETS, COUNTERS = ("secrets", "pki"), "signer"
"""Folders of the data directory; the queues' one may lie elsewhere."""
Put = Callable[[Path, Path], object]
"""Copies the file of the first path to the second."""
copy_file: Final[Put] = shutil.copy2
KEY_LENGTH = 64
"""Of an object: its SHA-256 in hexadecimal."""
_AT_ONCE_BYTES = 16 << 20
_AT_ONCE_FILES = 500


class BackupFolder:
    """The folder of a copy. `is_for_files`: its database does not count."""

    def __init__(self, path: Path, *, is_for_files: bool = False) -> None:
        self.path = path
        self._is_for_files = is_for_files

    @property
    def state(self) -> Path:
        """The newest whole state. Raises: Refusal NOT_FOUND `backup.none`."""
        for path in (self.path / "state", self.path / "state.old"):
            if facts_in(path) is not None:
                return path
        raise Refusal(Kind.NOT_FOUND, "backup.none", folder=str(self.path))

    def facts(self) -> BackupFacts:
        """Of the newest whole state. Raises: as `state`."""
        facts = facts_in(self.state)
        assert facts is not None, "or it is no state"
        return msgspec.structs.replace(facts, with_database=facts.with_database and not self._is_for_files)

    @property
    def holds_database(self) -> bool:
        """Whether a state here, whole or not, has a database in it."""
        places = [self.path / state / f"{DUMP}{SEALED}" for state in ("state", "state.old")]
        return any(place.exists() for place in places)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Locks the folder for this backup. The kernel releases the lock when the process ends.

        Two backups at once would write into one new state and destroy it.
        Raises: Refusal BUSY `backup.under_way`.
        """
        try:
            lock = locked(self.path / "lock")
        except BlockingIOError:
            raise Refusal(Kind.BUSY, "backup.under_way", folder=str(self.path)) from None
        with os.fdopen(lock):
            yield

    def claim(self, keys: SealingKeys) -> None:
        """Says which keys the folder is encrypted to: all its files open with the same ones.

        Raises: Refusal CONFLICT `backup.unencrypted`, `backup.other_keys`.
        """
        names, wanted = self.path / "recipients.txt", f"{keys.names}\n"
        if names.exists():
            if names.read_text() != wanted:
                raise Refusal(Kind.CONFLICT, "backup.other_keys", folder=str(self.path))
        elif any((self.path / name).exists() for name in ("state", "state.old", "objects")):
            raise Refusal(Kind.CONFLICT, "backup.unencrypted", folder=str(self.path))
        else:
            write_whole(names, wanted.encode())

    def objects(self, keys: SealingKeys) -> SealedObjects:
        """The files of the store."""
        return SealedObjects(self.path / "objects", recipients=keys.recipients)

    def begin(self, keys: SealingKeys) -> NewState:
        """Makes an empty folder for a new state. An earlier one is used only when this server signed it."""
        part = self.path / "state.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        return NewState(part, keys, self._earlier(keys))

    def _earlier(self, keys: SealingKeys) -> Earlier | None:
        try:
            state = self.state
        except Refusal:
            return None
        return Earlier(state, self.facts()) if is_signed(state, keys) else None

    def finish(self, new: NewState, facts: BackupFacts) -> None:
        """Replaces the old state by the new one. A power cut at any moment leaves a whole state."""
        part, state, old = (self.path / name for name in ("state.part", "state", "state.old"))
        new.finish(facts)
        sync_file_system(part)
        if state.exists():
            shutil.rmtree(old, ignore_errors=True)
            state.rename(old)
        part.rename(state)
        sync_file_system(self.path)
        shutil.rmtree(old, ignore_errors=True)

    def refuse_other_kind(self, *, unencrypted: bool) -> None:
        """Refuses a copy that is not encrypted, unless the operator accepts it. Raises: CopyRefused."""
        if unencrypted and is_sealed(self.state):
            raise CopyRefused("The copy is encrypted: leave --unencrypted out, and name --identity.")
        if not unencrypted and not is_sealed(self.state):
            raise CopyRefused(
                f"The copy in {self.path} is not encrypted and not signed: anybody who reached it may have "
                "changed it. If it is a copy of an earlier release that nobody else could write to, add "
                "--unencrypted."
            )

    def refuse_unsigned(self, keys: OpeningKeys) -> None:
        """Refuses a copy that the expected server did not make. Raises: CopyRefused."""
        if not is_signed(self.state, keys):
            raise CopyRefused(
                f"The copy in {self.path} is not signed by the server that --signer (or "
                "METERAI_BACKUP_SIGNING_KEY) names, or its list of files was changed. Take another copy; "
                "or, if that server had another key then, give the public one of that time."
            )

    @contextmanager
    def opened(self, keys: OpeningKeys | None, folder: Path) -> Iterator[OpenedState]:
        """Gives the newest state, with files decrypted into `folder`. Raises: CopyRefused, OSError."""
        state, facts, objects = self.state, self.facts(), self.objects_of(keys)
        if keys is None:
            yield OpenedState(state, facts, objects)
            return
        self.refuse_unsigned(keys)
        with opened_state(state, facts, objects, keys, folder) as opened:
            yield opened

    def objects_of(self, keys: OpeningKeys | None) -> FolderStore:
        """The files of the store, for a restore."""
        folder = self.path / "objects"
        return SealedObjects(folder, identities=keys.identities) if keys else FolderStore(folder)


def keys_in(store: FolderStore) -> Iterator[set[str]]:
    """The keys of all objects, in 256 parts."""
    for number in range(256):
        folder = store.root / f"{number:02x}"
        found = {folder.name + path.name for path in folder.glob("*")} if folder.is_dir() else set()
        yield {key for key in found if len(key) == KEY_LENGTH}


async def copy_objects(source: ObjectStore, target: ObjectStore, keys: Iterable[str]) -> list[str]:
    """Copies objects whose content fits their name. Returns the keys of damaged and missing ones."""
    lost: list[str] = []
    batch: dict[str, bytes] = {}
    size = 0
    for key in sorted(keys):
        try:
            content = await source.get(key)
        except ObjectMissing:
            content = b""
        if key_of(content) != key:  # a file that was given up takes the next contents
            lost.append(key)
            continue
        batch[key] = content
        size += len(content)
        if size > _AT_ONCE_BYTES or len(batch) >= _AT_ONCE_FILES:
            await target.put_all(batch)
            batch, size = {}, 0
    await target.put_all(batch)
    return lost


def copy_queues(source: Path, target: Path, put: Put = copy_file) -> None:
    """Copies the folders of all queues, and the files beside them."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for queue in folders_in(source):
        copied = QueueFolder(target / queue.slug)
        copy_folder(queue.path, copied.path, put)
        if _names_in(queue.secret) - _names_in(copied.secret):  # a key was moved between two files meanwhile
            copy_folder(queue.secret, copied.secret, put)
    for path in source.glob("*.json"):
        put(path, target / path.name)


def _names_in(folder: Path) -> set[str]:
    return {path.name.removesuffix(SEALED) for path in folder.iterdir()} if folder.is_dir() else set()


def other_queue(source: Path, target: Path) -> Path | None:
    """Finds a queue in `target` that has other keys than the queue of that name in `source`."""
    for copied in folders_in(source):
        here = queue_of(target, copied.slug)
        both = copied.has_keys and not _comes_from_copy(here)
        if both and not are_of_one_queue(here.secret, copied.secret):
            return here.path
    return None


def put_back_queues(source: Path, target: Path) -> None:
    """Puts back each queue that is missing in `target`, or came from a copy. Others are newer and stay.

    A followed folder has no keys of queues: those of the copy stay.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for copied in folders_in(source):
        here = queue_of(target, copied.slug)
        if _comes_from_copy(here):
            here.path.mkdir(mode=0o700, exist_ok=True)
            here.from_copy.touch()
            copy_folder(copied.path, here.path)
            separate_keys(here.secret)
    for path in source.glob("*.json"):
        if not (target / path.name).exists():
            copy_whole(path, target / path.name)


def _comes_from_copy(queue: QueueFolder) -> bool:
    """Whether the queue is not here, or its restore was cut off."""
    return queue.from_copy.exists() or not queue.has_keys


def copy_folder(source: Path, target: Path, put: Put = copy_file) -> None:
    """Copies a folder while others write in it, without half-written files. `put` copies one file.

    Files are copied in the order of names. So the closing of a window (`w1.close.json`) comes before its
    joins (`w1.joins`), which only grow.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.iterdir()) if source.is_dir() else []:
        try:
            if path.is_dir():
                copy_folder(path, target / path.name, put)
            elif path.is_file() and not path.name.endswith(".part"):
                put(path, target / path.name)
        except FileNotFoundError:
            continue  # replaced or deleted a moment ago
