"""Free space on the disks that the service writes to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from meterai.kernel.refusals import Kind, Refusal


class DiskReserve:
    """Keeps a reserve of free space for what is paid: uploads are refused below it.

    `folders`: of the object store, the database and the queues. One that is missing is left out.
    """

    def __init__(self, folders: Sequence[Path], reserve_bytes: int) -> None:
        self._folders = folders
        self.reserve_bytes = reserve_bytes

    def free_bytes(self) -> int | None:
        """The free space of the fullest of the disks. None: there is none to ask."""
        found = []
        for folder in self._folders:
            try:
                disk = os.statvfs(folder)
            except OSError:
                continue
            found.append(disk.f_bavail * disk.f_frsize)
        return min(found, default=None)

    def refuse_uploads(self, size: int = 0) -> None:
        """Raises: Refusal UNAVAILABLE `upload.disk_full` when `size` more bytes would touch the reserve."""
        free = self.free_bytes()
        if free is not None and free - size < self.reserve_bytes:
            raise Refusal(Kind.UNAVAILABLE, "upload.disk_full")
