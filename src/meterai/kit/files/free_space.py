"""Free space on the disks that the service writes to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.object_store import store_folder
from meterai.kit.settings import Settings, queue_root

_WARNED_BELOW: Final = 2
"""Times the reserve. The alarm DiskFills (deploy/alarms.yml) has the same."""


class DiskReserve:
    """Keeps a reserve of free space for what is paid: uploads are refused below it.

    `folders`: by name, such as "queue". One that is missing is left out.
    `for_uploads`: uploads go to these disks.
    """

    def __init__(self, folders: Mapping[str, Path], reserve_bytes: int, *, for_uploads: bool = True) -> None:
        self._folders = folders
        self._for_uploads = for_uploads
        self.reserve_bytes = reserve_bytes

    @classmethod
    def of(cls, settings: Settings) -> DiskReserve:
        """The disks of an installation. Files on S3 have no free space: with them, only the quotas count."""
        files = store_folder(settings.objects_url, settings.data)
        folders = {"data": settings.data, "queue": queue_root(settings)}
        folders |= {"database": settings.data / "postgres"} | ({"objects": files} if files else {})
        return cls(folders, settings.disk_reserve_bytes, for_uploads=files is not None)

    def free_bytes(self) -> dict[str, int]:
        """The free space of each folder's disk, by the folder's name."""
        found = {}
        for name, folder in self._folders.items():
            try:
                disk = os.statvfs(folder)
            except OSError:
                continue
            found[name] = disk.f_bavail * disk.f_frsize
        return found

    def nearly_full(self) -> dict[Path, int]:
        """The disks with less free than twice the reserve: one folder of each, and what is free."""
        least = _WARNED_BELOW * self.reserve_bytes
        disks: dict[int, tuple[Path, int]] = {}
        for name, free in self.free_bytes().items():
            folder = self._folders[name]
            if free < least:
                disks.setdefault(folder.stat().st_dev, (folder, free))
        return dict(disks.values())

    def refuse_uploads(self, size: int = 0) -> None:
        """Raises: Refusal UNAVAILABLE `upload.disk_full` when `size` more bytes would touch the reserve."""
        if self._for_uploads and any(free - size < self.reserve_bytes for free in self.free_bytes().values()):
            raise Refusal(Kind.UNAVAILABLE, "upload.disk_full")
