"""Writes files atomically: a reader sees the old content or the new one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


def write_whole(path: Path, content: bytes, *, mode: int = 0o666, durable: bool = True) -> None:
    """Writes a file beside `path` and renames it: a reader sees the old content or the new one.

    `mode`: its permissions, less the umask. `durable`: the content survives a loss of power; so does the
    name, unless the folder is new. Raises: OSError, with the old content in place and nothing left beside it.
    """
    with _put_in_place(path) as beside:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())


def replace_kept(path: Path, content: bytes) -> None:
    """Writes a file in the place of one whose owner, group and mode it keeps. Raises: as `write_whole`."""
    kept = path.stat()
    with _put_in_place(path) as beside:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchown(handle, kept.st_uid, kept.st_gid)
            os.fchmod(handle, kept.st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(handle)


def copy_whole(source: Path, target: Path) -> None:
    """Copies a file with its permissions and times, durably, as `write_whole` writes one."""
    with _put_in_place(target) as beside:
        shutil.copy2(source, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())


def sync_file_system(folder: Path) -> None:
    """Makes everything that was written to the file system of `folder` survive a loss of power (syncfs(2)).

    Raises: OSError.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)


@contextlib.contextmanager
def _put_in_place(path: Path) -> Iterator[Path]:
    """Gives a path to write to; then it replaces `path`. An OSError names `path`."""
    beside = path.with_name(f".{os.urandom(6).hex()}.part")  # short: the name of a person's file may be long
    try:
        yield beside
        beside.rename(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError) and str(error.filename2 or error.filename or beside) == str(beside):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
