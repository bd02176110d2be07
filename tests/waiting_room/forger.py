"""An operator with all keys who changes what was published, and signs it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.public_log import ENTRIES, HEADS, EntryKind, LogEntry, read_entries
from meterai.waiting_room.files.published_documents import Close, Document, GateCount, Head, Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.files.window_files import RECORD, digest
from meterai.waiting_room.rules import merkle
from meterai.waiting_room.rules.merkle import Tree
from meterai.waiting_room.rules.tickets import ID_BYTES


class Forger:
    """A copy of a queue's folder to change. `write` makes numbers, heads and status fit again."""

    def __init__(self, folder: QueueFolder, statuses: Sequence[bytes] = ()) -> None:
        self.folder = folder
        self.statuses = [published_documents.decode(raw, Status) for raw in statuses]
        """The statuses of the evening, in order."""
        self.key = folder.keys().controller
        self.entries = [entry for _, entry in read_entries(folder.log / ENTRIES)]

    # --------------------------------------------------------------- the log

    def find(self, what: EntryKind, is_wanted: Callable[[dict[str, Any]], bool] = lambda facts: True) -> int:
        """The number of the first entry that fits."""
        return next(
            n for n, entry in enumerate(self.entries) if entry.what is what and is_wanted(entry.facts)
        )

    def change(self, n: int, *, at: int | None = None, **facts: object) -> None:
        """Writes other facts into an entry."""
        entry = self.entries[n]
        self.entries[n] = msgspec.structs.replace(
            entry, at=entry.at if at is None else at, facts=entry.facts | facts
        )

    def insert(self, n: int, what: EntryKind, facts: dict[str, Any], at: int | None = None) -> None:
        """Puts an entry before another."""
        moment = self.entries[min(n, len(self.entries) - 1)].at if at is None else at
        self.entries.insert(n, LogEntry(n=0, at=moment, what=what, facts=facts))

    def move(self, n: int, to: int) -> None:
        """Moves an entry."""
        self.entries.insert(to, self.entries.pop(n))

    def write(self) -> None:
        """Writes the log again, as an honest controller would have written it."""
        tree, lines, heads, now = Tree(), [], [], 0
        for number, entry in enumerate(self.entries):
            if entry.what is not EntryKind.CLAIM and entry.at > now:  # a new step: claims may have any time
                heads += [self._head(tree, now)] if lines else []
                now = entry.at
            lines.append(msgspec.json.encode(msgspec.structs.replace(entry, n=number), order="deterministic"))
            tree.append(lines[-1])
        heads.append(self._head(tree, now))
        for name, written in ((ENTRIES, lines), (HEADS, heads)):
            (self.folder.log / name).write_bytes(b"".join(line + b"\n" for line in written))
        self.change_document(self.folder.status, Status, log=(tree.size, tree.root().hex()[:32]))

    def _head(self, tree: Tree, at: int) -> bytes:
        """The head after a step of the controller: all entries of a step are under one head."""
        head = Head(event=self.folder.slug, at=at, size=tree.size, root=tree.root().hex())
        return published_documents.sign(head, self.key).rstrip(b"\n").replace(b"\n", b" ")

    # ------------------------------------------------------------- documents

    def change_document[D: Document](
        self, path: Path, form: type[D], *, key: Ed25519PrivateKey | None = None, **changes: object
    ) -> bytes:
        """Signs a document again, with changes, with the right key or another."""
        changed = msgspec.structs.replace(published_documents.decode(path.read_bytes(), form), **changes)
        raw = published_documents.sign(changed, key or self.key)
        path.write_bytes(raw)
        return raw

    def show_status(self, is_wanted: Callable[[Status], bool], **changes: object) -> Status:
        """Publishes the last status of the evening that fits, with changes. Returns it as it was."""
        told = next(status for status in reversed(self.statuses) if is_wanted(status))
        changed = msgspec.structs.replace(told, **changes)
        self.folder.status.write_bytes(published_documents.sign(changed, self.key))
        return told

    def records(self, window: int) -> list[bytes]:
        """The list of a window."""
        raw = self.folder.window_ids(window).read_bytes()
        return [raw[at : at + RECORD] for at in range(0, len(raw), RECORD)]

    def set_records(self, window: int, records: list[bytes]) -> None:
        """Replaces the list and nothing else."""
        self.folder.window_ids(window).write_bytes(b"".join(records))

    def close_anew(self, window: int, records: list[bytes]) -> bytes:
        """Replaces the list, with a document and an entry that fit it. Returns its root."""
        self.set_records(window, records)
        root = merkle.root_of(records)
        raw = self.change_document(
            self.folder.window_close(window),
            Close,
            count=len(records),
            people=len({record[:ID_BYTES] for record in records}),
            root=root.hex(),
            gates=_counts(records),
        )
        n = self.find(EntryKind.CLOSE, lambda facts: facts["window"] == window)
        self.change(n, count=len(records), root=root.hex(), sha256=digest(raw))
        return root


def _counts(records: list[bytes]) -> list[GateCount]:
    found = []
    for gate in sorted({record[12:14] for record in records}):
        mine = [record for record in records if record[12:14] == gate]
        first, last = (int.from_bytes(record[14:], "big") for record in (mine[0], mine[-1]))
        root = merkle.root_of(mine).hex()
        found.append(GateCount(int.from_bytes(gate, "big"), len(mine), first, last, root))
    return found
