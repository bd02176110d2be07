"""The folder of an event's queue: `DATA/queue/<slug>/`.

- `secret/`: the keys (`queue_keys`), some for gates and controllers, some for controllers only.
- `gates/<number>/`: the files of one gate.
- `public/`: what anyone may read, also over HTTP.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from meterai.kit.files.atomic_write import write_whole
from meterai.waiting_room.files import queue_keys
from meterai.waiting_room.files.queue_keys import GateKeys, QueueKeys

log = structlog.get_logger(__name__)

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class QueueFolder:
    """The folder of one event's queue."""

    path: Path

    @property
    def slug(self) -> str:
        """The event."""
        return self.path.name

    @property
    def secret(self) -> Path:
        """The folder of the keys."""
        return self.path / "secret"

    @property
    def from_copy(self) -> Path:
        """Exists in a copy until a restore has ended, because nobody knows which tickets the gates gave
        since."""
        return self.path / ".from-copy"

    @property
    def public(self) -> Path:
        """What anyone may read."""
        return self.path / "public"

    @property
    def config(self) -> Path:
        """The signed rules."""
        return self.public / "config.json"

    @property
    def shown_event(self) -> Path:
        """What wait pages say of the event."""
        return self.public / "event.json"

    def config_version(self, version: int) -> Path:
        """The signed rules of one version, for checks of the rules at an earlier time."""
        return self.public / "configs" / f"{version}.json"

    @property
    def status(self) -> Path:
        """The signed status, renewed every second."""
        return self.public / "status.json"

    @property
    def log(self) -> Path:
        """The folder of the public log."""
        return self.public / "log"

    @property
    def log_mark(self) -> Path:
        """How far the log is known to be complete. The next controller need not read that part."""
        return self.path / "log-mark.json"

    def window_close(self, window: int) -> Path:
        """The public document that closes a window."""
        return self.public / "w" / f"{window}.close.json"

    def window_reveal(self, window: int) -> Path:
        """The public document with a window's seed."""
        return self.public / "w" / f"{window}.reveal.json"

    def window_ids(self, window: int) -> Path:
        """The public list of a window's joins: one `tickets.join_record` each, sorted by gate and
        sequence."""
        return self.public / "w" / f"{window}.ids"

    def gate(self, number: int) -> Path:
        """The files of one gate."""
        return self.path / "gates" / str(number)

    def gate_sign(self, number: int) -> Path:
        """The sign of life of one gate."""
        return self.gate(number) / "gate.json"

    def counts_mark(self, number: int) -> Path:
        """The join counts that one gate saved, so that no gate need read all window ends again."""
        return self.gate(number) / "counts.json"

    def known_gate(self, number: int) -> Path:
        """The note beside a gate's folder that the gate ran."""
        return self.path / "known" / str(number)

    def gates(self) -> list[int]:
        """Numbers of all gates that ever wrote here."""
        folder = self.path / "gates"
        return sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit()) if folder.exists() else []

    @property
    def has_keys(self) -> bool:
        """Whether all keys are there."""
        return queue_keys.has_keys(self.secret)

    def keys(self) -> QueueKeys:
        """All keys, for a controller. For a queue that has published nothing yet, they are made at random.

        Raises: as `queue_keys.open_keys`.
        """
        return queue_keys.open_keys(self.secret, is_new=not self.config.exists())

    def gate_keys(self) -> GateKeys:
        """The keys of gates. Raises: as `queue_keys.read_gate_keys`."""
        return queue_keys.read_gate_keys(self.secret)

    def event_key(self) -> bytes:
        """The key that makes ids of contacts. Raises: as `queue_keys.read_gate_keys`."""
        return queue_keys.read_event_key(self.secret)


def is_slug(text: str) -> bool:
    """Whether an event may have this name."""
    return _SLUG.fullmatch(text) is not None


def queue_of(root: Path, slug: str) -> QueueFolder:
    """The folder of an event. Raises: ValueError for a text that is not a slug."""
    if not is_slug(slug):
        raise ValueError("not a slug")
    return QueueFolder(root / slug)


def queues_in(root: Path) -> Iterator[QueueFolder]:
    """The queues that have published rules."""
    # os.path returns False for a folder of another user, which is not ours
    return (folder for folder in folders_in(root) if os.path.exists(folder.config))


def folders_in(root: Path) -> Iterator[QueueFolder]:
    """Entries with the name of a queue's folder. Leaves out others on the disk (`lost+found`)."""
    for path in sorted(root.iterdir()) if root.exists() else []:
        if is_slug(path.name):
            yield QueueFolder(path)


def separate_keys_in(root: Path) -> None:
    """Moves the keys of controllers out of files that gates read, as earlier releases left them.

    Trouble with one queue leaves the others alone.
    """
    for folder in folders_in(root):
        try:
            if queue_keys.separate_keys(folder.secret):
                log.warning("queue_keys_separated", queue=folder.slug)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.error("queue_keys_not_separated", queue=folder.slug, reason=str(error))


def append_whole(path: Path, content: bytes, *, size: int | None = None) -> None:
    """Appends all data, or nothing. `size`: the size to which the file is cut before, if it is not None.

    Raises: OSError.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        before = os.fstat(handle).st_size
        if size is not None and before > size:  # a rest that could not be cut off before
            os.ftruncate(handle, size)
            before = size
        if (written := os.write(handle, content)) != len(content):
            os.ftruncate(handle, before)
            raise OSError(errno.ENOSPC, f"the disk took {written} of {len(content)} bytes")
    finally:
        os.close(handle)


def publish(path: Path, content: bytes) -> None:
    """Writes a file that readers see completely or not at all, and that survives a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, mode=0o644)
