"""The object store: content-addressed, immutable. A local folder by default, any S3 by setting."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.store import from_url


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


class FolderStore:
    """Objects as files `ab/cdef...` in a folder: written beside, fsynced, renamed, directory fsynced.

    obstore's local store does not fsync, and an acknowledged stamp must survive a power cut (I7), so the
    local folder is written here and obstore serves S3 (docs/decisions).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    async def put(self, content: bytes) -> str:
        return await asyncio.to_thread(self._put, content)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._get, key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        if len(key) != 64 or not all(c in "0123456789abcdef" for c in key):
            raise ObjectMissing(key)
        return self.root / key[:2] / key[2:]

    def _get(self, key: str) -> bytes:
        try:
            with open(self._path(key), "rb", buffering=0) as file:
                return file.read()
        except FileNotFoundError:
            raise ObjectMissing(key) from None

    def _put(self, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        folder, name = f"{self.root}/{key[:2]}", key[2:]
        inside = self._folder(folder)  # names relative to it: the path is walked once
        try:
            if _is_there(name, inside):
                _fsync(name, inside)  # another writer may have died between its rename and its fsync
            else:
                beside = f"{name}.{os.urandom(6).hex()}.part"
                file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=inside)
                try:
                    _write(file, content)
                    os.fsync(file)
                finally:
                    os.close(file)
                os.rename(beside, name, src_dir_fd=inside, dst_dir_fd=inside)
            os.fsync(inside)
        finally:
            os.close(inside)
        return key

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


class RemoteStore:
    """Objects in S3 or any other store that obstore reaches; durability is the store's promise."""

    def __init__(self, url: str) -> None:
        self._store: Any = from_url(url)

    async def put(self, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        await obstore.put_async(self._store, _remote_path(key), content)
        return key

    async def get(self, key: str) -> bytes:
        try:
            answer = await obstore.get_async(self._store, _remote_path(key))
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            raise ObjectMissing(key) from None

    async def delete(self, key: str) -> None:
        await obstore.delete_async(self._store, _remote_path(key))


def open_store(url: str, data: Path) -> ObjectStore:
    """The store that `METERAI_OBJECTS_URL` names: a folder (file:///...; empty: DATA/objects) or s3://..."""
    if not url:
        return FolderStore(data / "objects")
    if url.startswith("file://"):
        return FolderStore(Path(url.removeprefix("file://")))
    return RemoteStore(url)


def _remote_path(key: str) -> str:
    return f"{key[:2]}/{key[2:]}"


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _write(file: int, content: bytes) -> None:
    """All of it: write(2) may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _fsync(name: str, folder: int) -> None:
    handle = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
