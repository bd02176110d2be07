"""The object store: content-addressed, immutable. A local folder by default, any S3 by setting."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.store_threads import leave_before_exit
from meterai.kit.secret_settings import STORE_KEY, secret_of
from meterai.kit.store_variables import ALLOWS_HTTP, speaks_http

SMALL_BYTES_MAX = 1 << 20
"""Objects up to this size are read and written (not synced) in the event loop's thread: another thread would
cost more than the work."""
UNFINISHED_SECONDS_MAX = 3600.0
"""The writer of an unfinished file that is older than this has died."""
TRIES_FOR = timedelta(seconds=10)
"""How long a request to S3 is tried again. Then people are told, and the worker postpones its job."""
MARK = ".meterai-objects"
"""A file that marks a store in use. The empty folder below a mount point has none."""
_KEY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".part"


def key_of(content: bytes) -> str:
    """The key under which a store keeps these bytes."""
    return hashlib.sha256(content).hexdigest()


class ObjectMissing(Exception):
    """No object of that name is stored."""


class ObjectStore(Protocol):
    """Keeps bytes under the hex SHA-256 of their content."""

    async def put(self, content: bytes) -> str:
        """Stores `content` durably (fsynced, or the store's own promise) and returns its key."""
        ...

    async def get(self, key: str) -> bytes:
        """The bytes stored under `key`. Raises: ObjectMissing."""
        ...

    async def delete(self, key: str) -> None:
        """Forgets the object; a missing one is no error."""
        ...

    async def clean_up(self) -> int:
        """Deletes unfinished files of writers that died, in one part of the store. Returns how many.

        Each call takes the next part: 256 calls see the whole store.
        """
        ...

    async def stored_before(self, moment: float, part: int) -> list[str]:
        """Keys of objects that were stored before `moment` (as `time.time`), in one of the store's 256
        parts."""
        ...

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Stores contents as durably as `put`. The keys are the digests of the contents."""
        ...

    async def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes stored under each key, None for a missing one."""
        ...


class FolderStore:
    """Objects as files `ab/cdef...` in a folder: written beside, fsynced, renamed, directory fsynced.

    obstore's local store does not fsync, and an acknowledged stamp must survive a power cut (I7), so the
    local folder is written here and obstore serves S3 (docs/decisions).

    `needs_mark`: a folder without the mark means that its disk is not mounted. Nothing is read or written
    then: it would be gone when the disk is back.
    """

    def __init__(self, root: Path, *, needs_mark: bool = False) -> None:
        self.root = root
        self._needs_mark = needs_mark
        self._cleaned_last = os.urandom(1)[0]  # several processes begin at several places
        root.mkdir(parents=True, exist_ok=True)

    async def put(self, content: bytes) -> str:
        key = key_of(content)
        await self.put_all({key: content})
        return key

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        self._refuse_unmarked()
        small: list[_Unfinished] = []
        large: list[tuple[str, bytes]] = []
        handed = [small]  # the thread takes them; until then we close them
        try:
            for key, content in contents.items():
                if len(content) > SMALL_BYTES_MAX:
                    large.append((key, content))
                else:
                    small.append(self._begin(key, content))
            await asyncio.to_thread(self._finish, handed, large)
        except BaseException as error:
            for unfinished in _taken(handed):
                unfinished.abandon()
            # An error about an open or unfinished file does not name the disk.
            if isinstance(error, OSError) and str(self.root) not in str(error.filename):
                raise OSError(error.errno, error.strerror, str(self.root)) from error
            raise

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            self._refuse_unmarked()
            raise ObjectMissing(key) from None
        if os.fstat(file).st_size > SMALL_BYTES_MAX:
            return await asyncio.to_thread(_read, file)
        return _read(file)

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._path(key))

    async def clean_up(self) -> int:
        self._cleaned_last = (self._cleaned_last + 1) % 256
        folder = f"{self.root}/{self._cleaned_last:02x}"
        return await asyncio.to_thread(_delete_unfinished, folder, time.time() - UNFINISHED_SECONDS_MAX)

    async def stored_before(self, moment: float, part: int) -> list[str]:
        prefix = f"{part:02x}"
        return await asyncio.to_thread(_stored_before, f"{self.root}/{prefix}", prefix, moment)

    def has(self, key: str) -> bool:
        """Whether there is an object of that name."""
        return os.path.exists(self._path(key))

    @property
    def is_marked(self) -> bool:
        """Whether the folder is marked as a store in use."""
        return os.path.exists(f"{self.root}/{MARK}")

    def mark(self) -> None:
        """Marks the folder as a store in use."""
        write_whole(self.root / MARK, b"")

    def _refuse_unmarked(self) -> None:
        if self._needs_mark and not self.is_marked:
            raise OSError(errno.ENODEV, f"no {MARK} there: its disk is not mounted", str(self.root))

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ObjectMissing(key)
        return f"{self.root}/{key[:2]}/{key[2:]}"

    async def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for key in keys:
            try:
                found.append(await self.get(key))
            except ObjectMissing:
                found.append(None)
        return found

    def _finish(self, handed: list[list[_Unfinished]], large: Sequence[tuple[str, bytes]]) -> None:
        """Syncs all files together, so that the file system has less to commit."""
        unfinished = _taken(handed)
        try:
            for key, content in large:
                unfinished.append(self._begin(key, content))
            for file in unfinished:
                file.settle()
            for file in unfinished:
                os.fsync(file.folder)
        except BaseException:
            for file in unfinished:
                file.abandon()
            raise
        for file in unfinished:
            file.close()

    def _begin(self, key: str, content: bytes) -> _Unfinished:
        """Writes the file beside its place. It is not synced yet."""
        folder = self._folder(f"{self.root}/{key[:2]}")  # names relative to it: the path is walked once
        name = key[2:]
        try:
            if _is_there(name, folder):  # another writer may have died between its rename and its fsync
                return _Unfinished(folder, os.open(name, os.O_RDONLY, dir_fd=folder), "", name)
            beside = f"{name}.{os.urandom(6).hex()}{_UNFINISHED}"
            file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
        except BaseException:
            os.close(folder)
            raise
        unfinished = _Unfinished(folder, file, beside, name)
        try:
            _write(file, content)
        except BaseException:
            unfinished.abandon()
            raise
        return unfinished

    def _folder(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            os.makedirs(path, exist_ok=True)
            root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(root)
            finally:
                os.close(root)
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


class _Unfinished(NamedTuple):
    """A file that is written but not synced. `beside`: its name until then; empty when it existed before."""

    folder: int
    file: int
    beside: str
    name: str

    def settle(self) -> None:
        """Syncs the file and renames it. The name is durable once the folder is synced, too."""
        os.fsync(self.file)
        if self.beside:
            os.rename(self.beside, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def abandon(self) -> None:
        """Removes it, unless it has its final name."""
        if self.beside:
            with suppress(OSError):
                os.unlink(self.beside, dir_fd=self.folder)
        self.close()

    def close(self) -> None:
        os.close(self.file)
        os.close(self.folder)


class RemoteStore:
    """Objects in S3, through obstore, which reads AWS_* from the environment. S3 promises durability.

    Its failures are OSErrors, as a disk's.
    """

    def __init__(self, url: str) -> None:
        self._store = remote_store(url)

    async def put(self, content: bytes) -> str:
        key = key_of(content)
        with troubles_told():
            await obstore.put_async(self._store, _remote_path(key), content)
        return key

    async def get(self, key: str) -> bytes:
        with troubles_told():
            try:
                answer = await obstore.get_async(self._store, _remote_path(key))
                return bytes(await answer.bytes_async())
            except FileNotFoundError:
                raise ObjectMissing(key) from None

    async def delete(self, key: str) -> None:
        with troubles_told():
            await obstore.delete_async(self._store, _remote_path(key))

    async def clean_up(self) -> int:
        """Nothing to do: S3 shows whole objects only."""
        return 0

    async def stored_before(self, moment: float, part: int) -> list[str]:
        keys = []
        with troubles_told():
            async for found in obstore.list(self._store, prefix=f"{part:02x}"):
                for item in found:
                    key = item["path"].replace("/", "")
                    if item["last_modified"].timestamp() < moment and _KEY.fullmatch(key):
                        keys.append(key)
        return keys

    async def put_all(self, contents: Mapping[str, bytes]) -> None:
        puts = (
            obstore.put_async(self._store, _remote_path(key), content) for key, content in contents.items()
        )
        with troubles_told():
            await asyncio.gather(*puts)

    async def get_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return list(await asyncio.gather(*(self._get_or_none(key) for key in keys)))

    async def _get_or_none(self, key: str) -> bytes | None:
        try:
            return await self.get(key)
        except ObjectMissing:
            return None


def remote_store(url: str) -> Any:
    """What obstore calls a store: a bucket and a prefix. Its secret key may be a file or a credential.

    An address that begins with http:// is enough for plain HTTP. What production refuses, `from_environment`
    has refused (`kit/store_variables.py`).

    Raises: OSError.
    """
    key = secret_of(STORE_KEY, os.environ)
    config: Any = {"aws_secret_access_key": key} if key else None
    # Options given here take the place of all those in the environment.
    is_told = ALLOWS_HTTP in os.environ or not speaks_http(os.environ)
    options: Any = None if is_told else {"allow_http": True}
    leave_before_exit()
    with troubles_told():
        return from_url(url, config=config, client_options=options, retry_config={"retry_timeout": TRIES_FOR})


def open_store(url: str, data: Path, *, needs_mark: bool = False) -> ObjectStore:
    """The store that `METERAI_OBJECTS_URL` names: a folder (file:///...; empty: DATA/objects) or s3://..."""
    folder = store_folder(url, data)
    return RemoteStore(url) if folder is None else FolderStore(folder, needs_mark=needs_mark)


def store_folder(url: str, data: Path) -> Path | None:
    """The folder of the store that `METERAI_OBJECTS_URL` names; None when it is on S3."""
    if not url:
        return data / "objects"
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None


def _taken(handed: list[list[_Unfinished]]) -> list[_Unfinished]:
    """The files for the first caller; none for the second."""
    try:
        return handed.pop()
    except IndexError:
        return []


@contextmanager
def troubles_told() -> Iterator[None]:
    """Turns what obstore raises into an OSError with the first line of its text."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:  # no file: the bucket is missing
        told, _, _ = str(error).partition("\n")
        raise OSError(errno.EIO, f"the object store: {told}") from None


def _remote_path(key: str) -> str:
    return f"{key[:2]}/{key[2:]}"


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _write(file: int, content: bytes) -> None:
    """Writes all of it: write(2) may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _delete_unfinished(folder: str, before: float) -> int:
    """Deletes the unfinished files of a folder that were last changed before a moment. Returns how many."""
    deleted = 0
    for path in Path(folder).glob(f"*{_UNFINISHED}"):
        with suppress(FileNotFoundError):  # its writer has just finished it
            # By ctime: a program that restores files sets their mtime.
            if path.stat().st_ctime < before:
                path.unlink()
                deleted += 1
    return deleted


def _stored_before(folder: str, prefix: str, moment: float) -> list[str]:
    keys = []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            key = prefix + entry.name
            with suppress(FileNotFoundError):  # deleted meanwhile
                if _KEY.fullmatch(key) and entry.stat().st_ctime < moment:
                    keys.append(key)
    return keys


def _read(file: int) -> bytes:
    with open(file, "rb", buffering=0) as handle:
        return handle.read()
