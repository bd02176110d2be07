"""Writes what arrived from another host to the files of this one. What arrives twice changes nothing."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.reader_modes import open_to_readers

_GUARDED_FOLDER = 0o1777
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def make_event_folder(folder: QueueFolder) -> None:
    """Makes the folder of an event, as a controller makes it: gates of this host write there, too."""
    if not folder.public.exists():
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        folder.path.mkdir(mode=_GUARDED_FOLDER, exist_ok=True)
        open_to_readers(folder)


def place_below(folder: Path, name: str) -> Path:
    """The file of this name below a folder. Raises: ValueError for a name that leads elsewhere."""
    parts = PurePosixPath(name).parts
    if not parts or not all(_NAME.fullmatch(part) for part in parts):
        raise ValueError(f"not the name of a file of a line: {name!r}")
    return folder.joinpath(*parts)


def put_whole(path: Path, content: bytes, *, mode: int, durable: bool = True) -> bool:
    """Replaces a file, unless it has this content. Returns whether it did. Raises: OSError."""
    with suppress(OSError):
        if path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, mode=mode, durable=durable)
    return True


def put_at(path: Path, offset: int, piece: bytes, *, mode: int) -> bool:
    """Writes bytes at an offset of a file that is only appended to; they are durable afterwards.

    Where the file has other bytes, it is cut there: what arrives later counts. Returns False when bytes
    before the offset are missing. Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        size = os.fstat(handle).st_size
        if offset > size:
            return False
        there = os.pread(handle, len(piece), offset)
        if not piece.startswith(there):
            os.ftruncate(handle, offset)
            there = b""
        written = len(there)
        while written < len(piece):
            written += os.pwrite(handle, piece[written:], offset + written)
        if len(there) < len(piece):
            os.fsync(handle)
        return True
    finally:
        os.close(handle)
