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
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise ObjectMissing(key) from None

    def _put(self, content: bytes) -> str:
        key = hashlib.sha256(content).hexdigest()
        path = self._path(key)
        if path.exists():
            _fsync(path)  # another writer may have died between its rename and its fsync
            _fsync(path.parent, os.O_DIRECTORY)
            return key
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True)
            _fsync(self.root, os.O_DIRECTORY)
        beside = path.with_name(f"{path.name}.{os.urandom(6).hex()}.part")
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
        _fsync(path.parent, os.O_DIRECTORY)
        return key


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


def _fsync(path: Path, flags: int = 0) -> None:
    handle = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
