"""Files that a reader sees wholly or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o666, durable: bool = True) -> None:
    """Writes a file beside `path`, then puts it in its place: a reader sees the old content or the new.

    `mode`: its permissions, less what the umask takes. `durable`: it outlives a loss of power; not its name,
    where the folder is new. Raises: OSError; what was there is there still, and nothing is left beside it.
    """
    beside = path.with_name(f".{os.urandom(6).hex()}.part")  # short: the name of a person's file may be long
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
