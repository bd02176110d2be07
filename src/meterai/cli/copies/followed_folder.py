"""The folder of `meterai follow`: objects, counters and queues of a running service, without keys.

`mark.json` is written last. It says to which moment the folder and the WAL are good. What the folder has may
be newer, and never older.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from meterai.cli.copies.backup_folder import COUNTERS
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.file_lock import locked
from meterai.kit.files.followed_file import Growth, follow_file, is_followed
from meterai.kit.files.object_store import FolderStore
from meterai.stamping.signer.key_files import read_counters

LEFT_OUT: Final = ("secret", "stage", "lost+found")
"""Folders of queues that are not followed: keys, and what a controller is just writing."""
_NOT_COPIED: Final = ("lock", "log-mark.json", ".from-copy")
_APPENDED: Final = (".jsonl", ".joins", ".ready")
_TARGET: Final = """\
# The files of this copy are good for {at:%Y-%m-%d %H:%M:%S} UTC. Append this to postgresql.auto.conf.
recovery_target_lsn = '{lsn}'
recovery_target_inclusive = off
recovery_target_action = promote
"""


class FollowedMark(msgspec.Struct, frozen=True, kw_only=True):
    """What `mark.json` says."""

    at: datetime
    """What the service acknowledged before this moment is in the WAL, and its files are here."""
    lsn: str
    """Where the WAL was then."""
    installation: UUID


class FollowedFolder:
    """A folder that follows a service. The caller sees to it that the folder exists."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.objects = FolderStore(path / "objects")
        self.queues = path / "queue"
        self.counters = path / COUNTERS

    @contextmanager
    def held(self) -> Iterator[None]:
        """Locks the folder for this process. Raises: Refusal BUSY `follow.under_way`."""
        try:
            lock = locked(self.path / "lock")
        except BlockingIOError:
            raise Refusal(Kind.BUSY, "follow.under_way", folder=str(self.path)) from None
        with os.fdopen(lock):
            yield

    def mark(self) -> FollowedMark:
        """The moment that it is good for. Raises: Refusal NOT_FOUND `follow.none`."""
        try:
            return msgspec.json.decode((self.path / "mark.json").read_bytes(), type=FollowedMark)
        except (FileNotFoundError, msgspec.MsgspecError):
            raise Refusal(Kind.NOT_FOUND, "follow.none", folder=str(self.path)) from None

    def set_mark(self, mark: FollowedMark) -> None:
        """Says to which moment the folder is good now."""
        target = _TARGET.format(at=mark.at, lsn=mark.lsn)
        write_whole(self.path / "recovery-target.conf", target.encode(), mode=0o644)
        write_whole(self.path / "mark.json", msgspec.json.encode(mark) + b"\n", mode=0o644)

    def follow_counters(self, source: Path) -> None:
        """Copies what the signer keeps beside its keys. A counter here never becomes smaller."""
        self.counters.mkdir(mode=0o700, exist_ok=True)
        here, there = read_counters(self.counters), read_counters(source)
        for path in sorted(source.iterdir()) if source.is_dir() else []:
            target = self.counters / path.name
            is_smaller = there.get(path.stem, 0) < here.get(path.stem, 0) and path.suffix == ".count"
            if not (path.name.endswith(".part") or is_smaller or is_followed(path, target)):
                follow_file(path, target, Growth.WHOLE, aside=target)

    def follow_queues(self, root: Path, paths: Iterable[Path], *, now: datetime) -> None:
        """Copies these files of queues, in the order of names: see `backup_folder.copy_folder`."""
        for path in sorted(paths):
            name = path.relative_to(root)
            if path.name not in _NOT_COPIED and not path.name.endswith(".part"):
                aside = self.path / "cut" / f"{now:%Y%m%dT%H%M%SZ}" / name
                follow_file(path, self.queues / name, _growth(path), aside=aside)


def _growth(path: Path) -> Growth:
    if path.name == "notes":
        return Growth.PLACED
    if path.suffix in _APPENDED or path.name in ("promises", "present"):
        return Growth.APPENDED
    return Growth.WHOLE
