"""File locks of one process at a time. The kernel releases them when the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def locked(path: Path) -> int:
    """Opens a file for this process alone, until it is closed. Makes the file where there is none.

    Others of the group may read what it says, as far as the umask allows.

    Raises: BlockingIOError when another process holds it; OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
