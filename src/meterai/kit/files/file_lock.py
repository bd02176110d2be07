"""Files that one process at a time holds. The kernel lets go of them whatever happens to the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def locked(path: Path) -> int:
    """The open file, made where there is none, for this process alone until it is closed.

    Raises: BlockingIOError when another process holds it; OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
