"""Names what changes in a folder and below it, as the kernel reports it (inotify(7))."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

_libc: Final = ctypes.CDLL(None, use_errno=True)
_MODIFY, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW = 0x400, 0x800, 0x2000, 0x4000
_ONLY_FOLDERS, _IS_FOLDER = 0x01000000, 0x40000000
_MASK: Final = _MODIFY | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_HEAD: Final = struct.Struct("iIII")
_READ_BYTES: Final = 1 << 20


class Changes(NamedTuple):
    """What happened since the last look."""

    changed: set[Path]
    """Files that were made, renamed to this name, or written."""
    gone: set[Path]
    """Names that were deleted or renamed."""
    is_complete: bool
    """False: the rest is unknown. Compare everything."""


class FolderWatch:
    """Watches a folder. The first `take` is never complete: it says nothing of what was there before.

    `but_for`: names of folders below it that are not watched. Others that write over a network file system
    are not seen. Raises: OSError when the kernel watches no more folders (fs.inotify in sysctl).
    """

    def __init__(self, root: Path, *, but_for: Collection[str] = ()) -> None:
        self.root = root
        self._but_for = but_for
        self._is_complete = False
        self._folders: dict[int, Path] = {}
        self._changed: set[Path] = set()
        self._gone: set[Path] = set()
        self._file = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), root)
        try:
            self._identity = _identity(root)
            self._watch(root)
        except BaseException:
            self.close()
            raise

    @property
    def is_current(self) -> bool:
        """Whether the folder of this name is still the watched one, and not another disk's."""
        try:
            return _identity(self.root) == self._identity
        except OSError:
            return False

    def take(self) -> Changes:
        """What happened since the last call."""
        self.read()
        found = Changes(self._changed, self._gone - self._changed, self._is_complete)
        self._changed, self._gone, self._is_complete = set(), set(), True
        return found

    def read(self) -> None:
        """Reads what the kernel has. Its room is limited, so this has to be called often."""
        while True:
            try:
                raw = os.read(self._file, _READ_BYTES)
            except BlockingIOError:
                return
            for watch, mask, name in _events(raw):
                self._note(watch, mask, name)

    def close(self) -> None:
        """Ends the watch."""
        os.close(self._file)

    def _note(self, watch: int, mask: int, name: str) -> None:
        if mask & (_OVERFLOW | _UNMOUNT | _MOVE_SELF):
            self._is_complete = False
        folder = self._folders.get(watch)
        if folder is None or not name:
            return
        path = folder / name
        if mask & _IS_FOLDER:
            if mask & (_CREATE | _MOVED_TO) and name not in self._but_for:
                self._changed.update(self._watch(path))
        elif mask & (_DELETE | _MOVED_FROM):
            self._gone.add(path)
            self._changed.discard(path)
        else:
            self._changed.add(path)
            self._gone.discard(path)

    def _watch(self, folder: Path) -> set[Path]:
        """Watches a folder and those in it. Returns the files that are there."""
        found: set[Path] = set()
        try:
            number = _checked(
                _libc.inotify_add_watch(self._file, os.fsencode(folder), _MASK | _ONLY_FOLDERS), folder
            )
            self._folders[number] = folder
            with os.scandir(folder) as entries:
                inside = list(entries)
        except FileNotFoundError:  # gone again
            if folder == self.root:
                raise
            return found
        for entry in inside:
            if not entry.is_dir(follow_symlinks=False):
                found.add(folder / entry.name)
            elif entry.name not in self._but_for:
                found |= self._watch(folder / entry.name)
        return found


def _events(raw: bytes) -> Iterator[tuple[int, int, str]]:
    place = 0
    while place < len(raw):
        watch, mask, _, length = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        yield watch, mask, os.fsdecode(raw[place : place + length].rstrip(b"\0"))
        place += length


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _checked(answer: int, path: Path) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
    return answer
