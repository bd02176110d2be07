"""Sets who may read the folder of a queue: everybody reads `public/`, and passes the folders above."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from meterai.waiting_room.files.queue_folder import QueueFolder

READABLE_FILE = 0o644
_READABLE_FOLDER, _PASSABLE_FOLDER = 0o755, 0o711
_SHARED_FOLDER = 0o1771
"""Of gates and controllers that run as several users."""


def open_to_readers(folder: QueueFolder) -> None:
    """Lets a web server of another user read `public/` with all its files, whatever our umask is.

    Other users can pass through the folders above, but not list them. Secrets and gates' files stay private.
    """
    make_readable_folder(folder.public)
    with suppress(PermissionError):  # a folder that another user made has the mode they wanted
        _make_passable(folder.path)
    with suppress(PermissionError):
        _make_passable_root(folder.path.parent)
    _open_all(folder.public)


def _make_passable(folder: Path) -> None:
    """Lets others pass and not list. In a folder of a group each member may remove only its own files."""
    is_shared = folder.stat().st_mode & stat.S_IWGRP
    folder.chmod(_SHARED_FOLDER if is_shared else _PASSABLE_FOLDER)


def _make_passable_root(root: Path) -> None:
    """Lets others pass. A group may list the queues, but not add one: its maker would know the keys."""
    root.chmod(_PASSABLE_FOLDER | root.stat().st_mode & stat.S_IRGRP)


def _open_all(folder: str | os.PathLike[str]) -> None:
    """Opens all files. A queue of weeks has half a million, so it visits each once and builds no path
    objects."""
    with os.scandir(folder) as found:
        for entry in found:
            is_folder = entry.is_dir()
            mode = _READABLE_FOLDER if is_folder else READABLE_FILE
            if entry.stat().st_mode & 0o777 != mode:
                os.chmod(entry.path, mode)
            if is_folder:
                _open_all(entry.path)


def make_readable_folder(path: Path) -> None:
    """Makes the folder if it is not there. Everybody may list it."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != _READABLE_FOLDER:
        path.chmod(_READABLE_FOLDER)
