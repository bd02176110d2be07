"""The folder of `meterai backup`: `state/` as it was at one moment, and `objects/`.

`state/`: `backup.json`, `database.dump`, and the folders secrets, pki, signer, queue of the data directory.
Unchanged files of queues are hard links to those of the state before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.atomic_write import copy_whole, sync_file_system
from meterai.kit.files.file_lock import locked
from meterai.kit.files.object_store import FolderStore, ObjectMissing, ObjectStore
from meterai.waiting_room.files.queue_folder import QueueFolder, folders_in, queue_of
from meterai.waiting_room.files.queue_keys import are_of_one_queue, separate_keys

SECRETS, COUNTERS = ("secrets", "pki"), "signer"
"""Folders of the data directory; the queues' one may lie elsewhere."""
DUMP = "database.dump"
KEY_LENGTH = 64
"""Of an object: its SHA-256 in hexadecimal."""
_AT_ONCE_BYTES = 16 << 20
_AT_ONCE_FILES = 500


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What `backup.json` says; it is written last."""

    made_at: datetime
    schema: str
    """Version of the database's schema."""
    with_database: bool = True
    """False: somebody else saves the database."""


class Earlier(NamedTuple):
    """A folder of an earlier copy: what has not changed since need not be copied."""

    path: Path
    begun: float
    """When that copy was begun. A file with a later time may have changed while it was copied."""

    def holds(self, file: Path) -> bool:
        """Whether a file is there as it is now. Raises: FileNotFoundError when it is nowhere."""
        now = file.stat()
        try:
            then = (self.path / file.name).stat()
        except FileNotFoundError:
            return False
        is_same = (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)
        return is_same and now.st_mtime < self.begun


class BackupFolder:
    """The folder of a copy."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.objects = FolderStore(path / "objects")

    @property
    def state(self) -> Path:
        """The newest whole state. Raises: Refusal NOT_FOUND `backup.none`."""
        for path in (self.path / "state", self.path / "state.old"):
            if _facts_in(path) is not None:
                return path
        raise Refusal(Kind.NOT_FOUND, "backup.none", folder=str(self.path))

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

    @property
    def holds_database(self) -> bool:
        """Whether a state here, whole or not, has a database in it."""
        return any((self.path / name / DUMP).exists() for name in ("state", "state.old"))

    def earlier(self, name: str) -> Earlier | None:
        """A folder of the newest whole state, if there is one."""
        try:
            return Earlier(self.state / name, self.facts().made_at.timestamp())
        except Refusal:
            return None

    def begin(self) -> Path:
        """Makes an empty folder for a new state."""
        part = self.path / "state.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        return part

    def finish(self, facts: BackupFacts) -> None:
        """Replaces the old state by the new one. A power cut at any moment leaves a whole state."""
        part, state, old = (self.path / name for name in ("state.part", "state", "state.old"))
        (part / "backup.json").write_bytes(msgspec.json.encode(facts))
        sync_file_system(part)
        if state.exists():
            shutil.rmtree(old, ignore_errors=True)
            state.rename(old)
        part.rename(state)
        sync_file_system(self.path)
        shutil.rmtree(old, ignore_errors=True)

    def facts(self) -> BackupFacts:
        """Of the newest whole state. Raises: as `state`."""
        facts = _facts_in(self.state)
        assert facts is not None, "or it is no state"
        return facts


def _facts_in(state: Path) -> BackupFacts | None:
    """Reads `backup.json` of a state. None: the state is not whole."""
    try:
        return msgspec.json.decode((state / "backup.json").read_bytes(), type=BackupFacts)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


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
        if hashlib.sha256(content).hexdigest() != key:  # a file that was given up takes the next contents
            lost.append(key)
            continue
        batch[key] = content
        size += len(content)
        if size > _AT_ONCE_BYTES or len(batch) >= _AT_ONCE_FILES:
            await target.put_all(batch)
            batch, size = {}, 0
    await target.put_all(batch)
    return lost


def copy_queues(source: Path, target: Path, earlier: Earlier | None = None) -> None:
    """Copies the folders of all queues, and the files beside them. `earlier`: a copy of them."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for queue in folders_in(source):
        copied = QueueFolder(target / queue.slug)
        copy_folder(queue.path, copied.path, earlier and _within(earlier, queue.slug))
        if queue.has_keys and not copied.has_keys:  # they were moved between two files meanwhile
            copy_folder(queue.secret, copied.secret)
    for path in source.glob("*.json"):
        shutil.copy2(path, target / path.name)


def other_queue(source: Path, target: Path) -> Path | None:
    """Finds a queue in `target` that has other keys than the queue of that name in `source`."""
    for copied in folders_in(source):
        here = queue_of(target, copied.slug)
        both = copied.has_keys and not _comes_from_copy(here)
        if both and not are_of_one_queue(here.secret, copied.secret):
            return here.path
    return None


def put_back_queues(source: Path, target: Path) -> None:
    """Puts back each queue that is missing in `target`. Existing ones are newer and stay."""
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


def copy_folder(source: Path, target: Path, earlier: Earlier | None = None) -> None:
    """Copies a folder while others write in it, without half-written files. Files in `earlier` are linked.

    Files are copied in the order of names. So the closing of a window (`w1.close.json`) comes before its
    joins (`w1.joins`), which only grow.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.iterdir()) if source.is_dir() else []:
        try:
            if path.is_dir():
                copy_folder(path, target / path.name, earlier and _within(earlier, path.name))
            elif path.is_file() and not path.name.endswith(".part"):
                _copy_file(path, target / path.name, earlier)
        except FileNotFoundError:
            continue  # replaced or deleted a moment ago


def _copy_file(source: Path, target: Path, earlier: Earlier | None) -> None:
    if earlier is not None and earlier.holds(source):
        with suppress(OSError):  # not every file system has links
            os.link(earlier.path / source.name, target)
            return
    shutil.copy2(source, target)


def _within(earlier: Earlier, name: str) -> Earlier:
    return earlier._replace(path=earlier.path / name)
