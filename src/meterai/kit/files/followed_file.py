"""Brings the copy of a file up to date, while others write the file."""

from __future__ import annotations

import os
import shutil
import stat
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Final

from meterai.kit.files.atomic_write import write_whole

_COMPARED_BYTES: Final = 64 << 10
"""At the end of a copy. If these bytes are in the file at the same place, the file was only appended to."""
_AGAIN_BYTES: Final = 1 << 20


class Growth(Enum):
    """How a file changes."""

    WHOLE = "whole"
    """It is replaced, or small."""
    APPENDED = "appended"
    """Only its end grows."""
    PLACED = "placed"
    """Each record has its place. Records come nearly in order: all that is new is in the last MB."""


def follow_file(source: Path, target: Path, growth: Growth, *, aside: Path) -> bool:
    """Copies what is new in a file, durably. Returns False when there is none, or it is a link or a socket.

    `aside`: if a file that is only appended to became shorter or another one, the copy before goes there.

    Raises: OSError.
    """
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if isinstance(error, FileNotFoundError) or source.is_symlink():
            return False
        raise
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return False
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if growth is Growth.WHOLE or not target.exists():
            write_whole(target, file.read(), mode=0o600)
        elif growth is Growth.PLACED:
            _copy_from(file, target, max(0, target.stat().st_size - _AGAIN_BYTES))
        elif _goes_on(file, target):
            _copy_from(file, target, target.stat().st_size)
        else:
            aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.rename(aside)
            file.seek(0)
            write_whole(target, file.read(), mode=0o600)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    return True


def is_followed(source: Path, target: Path) -> bool:
    """Whether the copy has the file's size and time. False when one of them is missing."""
    try:
        now, then = source.lstat(), target.stat()
    except FileNotFoundError:
        return False
    return (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def _goes_on(file: BinaryIO, target: Path) -> bool:
    """Whether the file begins with its copy, by the copy's last bytes."""
    with target.open("rb") as copy:
        size = copy.seek(0, os.SEEK_END)
        start = max(0, size - _COMPARED_BYTES)
        copy.seek(start)
        file.seek(start)
        return copy.read() == file.read(size - start)


def _copy_from(file: BinaryIO, target: Path, place: int) -> None:
    file.seek(place)
    with target.open("r+b") as copy:
        copy.seek(place)
        shutil.copyfileobj(file, copy)
        copy.flush()
        os.fsync(copy.fileno())
