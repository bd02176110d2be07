"""Writes the files of the status page to a folder or to S3. Only what changed is written."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import obstore

from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.object_store import remote_store, troubles_told

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".atom": "application/atom+xml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".css": "text/css; charset=utf-8",
}
_CACHE: Final = "public, max-age=10"


class Output(Protocol):
    """Where the files go."""

    async def put(self, name: str, content: bytes) -> None:
        """Writes a file: a reader sees the old content or the new one. Raises: OSError."""
        ...

    async def drop(self, name: str) -> None:
        """Deletes a file; a missing one is no error. Raises: OSError."""
        ...


class FolderOutput:
    """A folder that a web server serves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self._write, name, content)

    async def drop(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, mode=0o644, durable=False)


class RemoteOutput:
    """A prefix in S3, through obstore. S3 shows whole objects only."""

    def __init__(self, url: str) -> None:
        self._store = remote_store(url)

    async def put(self, name: str, content: bytes) -> None:
        told: Any = {"Content-Type": _TYPES[Path(name).suffix], "Cache-Control": _CACHE}
        with troubles_told():
            await obstore.put_async(self._store, name, content, attributes=told)

    async def drop(self, name: str) -> None:
        with troubles_told():
            await obstore.delete_async(self._store, name)


class ChangedFiles:
    """Writes what changed since the last time, and deletes what is no longer there. Pages come last."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._written: dict[str, bytes] = {}

    async def write(self, files: Mapping[str, bytes]) -> int:
        """Writes the files. Returns how many were written. Raises: OSError; the rest is tried next time."""
        written = 0
        for name in sorted(files, key=lambda one: (one.endswith(".html"), one)):
            digest = hashlib.sha256(files[name]).digest()
            if self._written.get(name) != digest:
                await self._output.put(name, files[name])
                self._written[name] = digest
                written += 1
        for name in [name for name in self._written if name not in files]:
            await self._output.drop(name)
            del self._written[name]
        return written


def open_output(where: str) -> Output:
    """The output that METERAI_STATUS_TO names: a folder, or s3://bucket/prefix."""
    if where.startswith("s3://"):
        return RemoteOutput(where)
    return FolderOutput(Path(where.removeprefix("file://")))
