"""Brings the files of a queue up to date with its rows, after each decision and after a crash.

Decisions are in the store before any of them is published. So publishing only has to catch up. The same steps
let the next holder of the lease repair what the last one left unfinished.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.carrying.port import DocumentCarrier
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Close, Head, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import FencedFolder, ids_again
from meterai.waiting_room.files.window_seeds import WindowSeeds
from meterai.waiting_room.store.log_rows import DecidedEntry
from meterai.waiting_room.store.window_rows import ClosedWindow


class Publisher:
    """The files of one event's queue, for one holder of the lease.

    Every method raises `Superseded` after another holder has taken over. Methods wait for the disk: call them
    in a thread.
    """

    def __init__(
        self, folder: QueueFolder, epoch: int, key: Ed25519PrivateKey, carrier: DocumentCarrier | None = None
    ) -> None:
        """Takes the folder over. Reads the log from its last mark on. `carrier`: as of `FencedFolder`."""
        self.folder = folder
        self._key = key
        self._stage = FencedFolder(folder, epoch, carrier)
        self._carrier = carrier
        self._log = self._stage.open_log(key)
        self._head = Head(event=folder.slug, at=0, size=self._log.size, root=self._log.root().hex())
        self.seeds = WindowSeeds(folder, key.public_key())

    @property
    def hears_gates(self) -> bool:
        """Whether the folder has everything that gates gave. While it has not, no window may be closed."""
        return self._carrier is None or self._carrier.hears_gates

    @property
    def log_size(self) -> int:
        """The number of entries in the file."""
        return self._log.size

    def rules_there(self) -> bytes:
        """The published rules; empty: none yet."""
        return self.folder.config.read_bytes() if self.folder.config.exists() else b""

    def publish_config(self, raw: bytes, version: int) -> None:
        """Publishes the rules, also under their version."""
        self.publish_configs([(version, raw)])
        if not _holds(self.folder.config, raw):
            self._stage.publish(self.folder.config, raw)

    def publish_configs(self, configs: Sequence[tuple[int, bytes]]) -> None:
        """Publishes rules of other versions, which the log names, under their version only."""
        for version, raw in configs:
            if not _holds(path := self.folder.config_version(version), raw):
                self._stage.publish(path, raw)

    def publish_close(self, window: ClosedWindow, ids: bytes | None) -> None:
        """Publishes the end of a window: first its list, then the document that refers to the list."""
        path = self.folder.window_close(window.number)
        if path.exists():
            return
        close = published_documents.decode(window.document, Close)
        self._stage.publish(
            self.folder.window_ids(window.number), ids_again(self.folder, close) if ids is None else ids
        )
        self._stage.publish(path, window.document)

    def publish_reveal(self, window: ClosedWindow) -> None:
        """Publishes the seed of a window."""
        path = self.folder.window_reveal(window.number)
        if window.reveal is not None and not path.exists():
            self._stage.publish(path, window.reveal)

    def append(self, entries: Sequence[DecidedEntry], at: int) -> None:
        """Appends decided entries to the log, makes them durable, and signs the new head."""
        for entry in entries:
            if entry.n == self._log.size:
                self._log.append(entry.what, entry.facts, entry.at)
        if self._log.size != self._head.size or self._log.is_unsigned:
            self._head = self._log.sync(at)

    @property
    def is_unsigned(self) -> bool:
        """Whether a crash left entries in the log without a signed head."""
        return self._log.is_unsigned

    def log_head(self) -> tuple[int, str]:
        """Size and tree head (16 bytes, hexadecimal) of the log as it is on the disk."""
        return self._head.size, self._head.root[:32]

    def publish_status(self, status: Status) -> None:
        """Signs and publishes the status. Raises: AssertionError when it is too long (a test checks the
        limit)."""
        raw = published_documents.sign(status, self._key)
        assert len(raw) <= published_documents.STATUS_BYTES_MAX, len(raw)
        self._stage.publish(self.folder.status, raw)

    def close(self) -> None:
        """Closes the log."""
        self._log.close()


def _holds(path: Path, raw: bytes) -> bool:
    with suppress(OSError):
        return path.read_bytes() == raw
    return False
