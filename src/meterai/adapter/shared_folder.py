"""The folder that clients share with the adapter: reads and writes files in it, and never outside of it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from meterai.kernel.refusals import Kind, Refusal

MOUNT: Final = "sharefolder"
"""What clients call the folder, whatever its name on this machine is."""
_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""Also behind a symbolic link."""
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class SharedFolder:
    """Files below `root`, by the paths that clients send.

    Each folder on the way is opened in the one before it, and no symbolic link is followed. So a link that
    somebody makes meanwhile leads nowhere.
    """

    def __init__(self, root: Path) -> None:
        """Raises: OSError when there is no such folder."""
        self.root = root.resolve(strict=True)

    def parts(self, field: str, path: str) -> tuple[str, ...]:
        """The way to a file below the folder. `/sharefolder/x.pdf`, `sharefolder/x.pdf`, `x.pdf` and the
        absolute path of a file below the folder are the same.

        Raises: Refusal INVALID `wire.field_wrong` for all that leads elsewhere.
        """
        pure = PurePosixPath("/", path)
        if pure.is_relative_to(self.root):
            pure = pure.relative_to(self.root)
        parts = tuple(part for part in pure.parts if part != "/")
        if parts[:1] == (MOUNT,):
            parts = parts[1:]
        if not parts or "\0" in path or any(part == ".." or len(os.fsencode(part)) > 255 for part in parts):
            raise Refusal(Kind.INVALID, "wire.field_wrong", field=field)
        return parts

    def read(self, parts: tuple[str, ...], *, bytes_max: int) -> bytes | None:
        """A regular file; None: there is none. Raises: Refusal INVALID `pdf.too_large`; OSError."""
        try:
            with self._folder_of(parts) as folder, self._open(parts[-1], folder) as file:
                status = os.fstat(file)
                if not stat.S_ISREG(status.st_mode):
                    return None
                if status.st_size > bytes_max:
                    raise Refusal(
                        Kind.INVALID, "pdf.too_large", size_bytes=status.st_size, size_bytes_max=bytes_max
                    )
                with os.fdopen(os.dup(file), "rb") as opened:
                    return opened.read(bytes_max)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise

    def write(self, parts: tuple[str, ...], content: bytes) -> None:
        """Writes a file beside its place and renames it, durably. Raises: OSError."""
        with self._folder_of(parts) as folder:
            beside = f".{os.urandom(6).hex()}.part"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(beside, flags, 0o666, dir_fd=folder), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(beside, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(beside, dir_fd=folder)
                raise

    def delete(self, parts: tuple[str, ...]) -> None:
        """Deletes a file if it is there. Raises: OSError."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), self._folder_of(parts) as folder:
            os.unlink(parts[-1], dir_fd=folder)

    @contextlib.contextmanager
    def _folder_of(self, parts: tuple[str, ...]) -> Iterator[int]:
        current = os.open(self.root, _FOLDER)
        try:
            for part in parts[:-1]:
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=current)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)

    @contextlib.contextmanager
    def _open(self, name: str, folder: int) -> Iterator[int]:
        file = os.open(name, _READ, dir_fd=folder)
        try:
            yield file
        finally:
            os.close(file)
