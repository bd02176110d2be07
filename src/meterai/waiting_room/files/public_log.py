"""The public log: an append-only file of JSON lines, one tree over all of them, and signed heads.

`entries.jsonl`: `{"n": 0, "at": unix, "what": ..., "facts": {...}}`, the leaf of entry n is its line without
the line break. `heads.jsonl`: signed `documents.Head`, the JSON line and the signature joined by a blank. One
writer: the controller that holds the lease.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.rules.merkle import Tree

MARK_EVERY = 1_000
"""Entries."""
_HEAD_BYTES_MAX = 1_024
ENTRIES, HEADS = "entries.jsonl", "heads.jsonl"


class EntryKind(StrEnum):
    """Kinds of entries."""

    CONFIG = "config"  # SHA-256 of the published rules
    CLOSE = "close"  # window, count, root, and SHA-256 of the document
    CHAIN = "chain"  # commitment to the next chain of seeds, long before its first window
    REVEAL = "reveal"  # window, link, seed
    FRONTIER = "frontier"  # lane, window, x, epoch, rate
    CLAIM = "claim"  # id, window, place, pass id, lane
    OPERATOR = "operator"  # action and reason
    BYPASS = "bypass"  # somebody entered without a place, and why
    DEAD_GATE = "dead_gate"  # a gate declared dead; tickets of it that were not logged are honoured
    LATE_TICKET = "late_ticket"  # such a ticket
    CERTIFICATE = "certificate"  # id and digest of a certificate of attempt
    PROMISE = "promise"  # id, done by, probability: the first promise given


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    n: int
    at: published_documents.Number
    what: EntryKind
    facts: dict[str, Any]


class LogMark(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody has read the log, and the tree over it: who takes over need not read it again."""

    size: int
    bytes: int
    """Of the file of entries."""
    peaks: list[str]
    head: str
    """As signed, with this size: nothing else makes a mark worth believing."""


class PublicLog:
    """The log in a folder, opened for appending. A last line that a crash cut off is dropped.

    `append` writes; `sync` makes durable and signs a head: nothing that an entry allows is done before.
    `mark`: as `keep_mark` was given one, now and then; a wrong one costs reading everything.
    """

    def __init__(
        self,
        folder: Path,
        event: str,
        key: Ed25519PrivateKey,
        *,
        mark: bytes = b"",
        keep_mark: Callable[[bytes], None] = lambda raw: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._event, self._key, self._keep_mark = event, key, keep_mark
        self._heads = (folder / HEADS).open("a+b", buffering=0)
        self._signed = self._last_signed()
        path = folder / ENTRIES
        self._entries = path.open("ab")
        self._tree, whole = self._marked(mark, self._entries.tell()) or (Tree(), 0)
        self._marked_at = self._tree.size
        for line in _lines(path, whole):
            if not line.endswith(b"\n"):
                break
            self._tree.append(line[:-1])
            whole += len(line)
        if self._entries.tell() > whole:
            self._entries.truncate(whole)

    @property
    def is_unsigned(self) -> bool:
        """Whether a crash left entries without a head: `sync` gives them one."""
        return self._tree.size > self._signed

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._tree.size

    def root(self) -> bytes:
        """The tree head of everything appended."""
        return self._tree.root()

    def append(self, what: EntryKind, facts: Mapping[str, Any], at: int) -> int:
        """Adds an entry and gives its number. Not durable before `sync`.

        The same facts give the same bytes, whatever their order: who repeats what a crash left out, with a
        head that somebody may have seen, must come to the same tree.
        """
        entry = LogEntry(n=self._tree.size, at=at, what=what, facts=dict(facts))
        line = msgspec.json.encode(entry, order="deterministic")
        self._entries.write(line + b"\n")
        self._tree.append(line)
        return entry.n

    def sync(self, at: int) -> published_documents.Head:
        """Makes everything appended durable, and publishes its signed head."""
        self._entries.flush()
        os.fsync(self._entries.fileno())
        head = published_documents.Head(event=self._event, at=at, size=self.size, root=self.root().hex())
        signed = published_documents.sign(head, self._key)
        self._heads.write(signed.rstrip(b"\n").replace(b"\n", b" ") + b"\n")
        os.fsync(self._heads.fileno())
        self._signed = head.size
        if self.size - self._marked_at >= MARK_EVERY:
            self._mark(signed)
        return head

    def _mark(self, head: bytes) -> None:
        peaks = [peak.hex() for peak in self._tree.peaks]
        mark = LogMark(size=self.size, bytes=self._entries.tell(), peaks=peaks, head=head.decode())
        self._keep_mark(msgspec.json.encode(mark))
        self._marked_at = self.size

    def _marked(self, raw: bytes, length: int) -> tuple[Tree, int] | None:
        """The tree of a mark and where to read on; None for one that we can't have made of this file."""
        try:
            mark = msgspec.json.decode(raw, type=LogMark)
            head = published_documents.read(
                mark.head.encode(), published_documents.Head, self._key.public_key()
            )
            tree = Tree.grown(mark.size, [bytes.fromhex(peak) for peak in mark.peaks])
        except (msgspec.MsgspecError, Refusal, ValueError):
            return None
        is_ours = (head.event, head.size, head.root) == (self._event, tree.size, tree.root().hex())
        return (tree, mark.bytes) if is_ours and mark.bytes <= length else None

    def _last_signed(self) -> int:
        """The size of the last head. A line that a crash cut off is dropped, so that none is joined to it."""
        length = self._heads.seek(0, os.SEEK_END)
        self._heads.seek(max(0, length - _HEAD_BYTES_MAX * 2))
        tail = self._heads.read()
        whole = tail.rpartition(b"\n")[0]
        if len(whole) + 1 < len(tail) or (tail and not whole):
            self._heads.truncate(length - len(tail) + (len(whole) + 1 if whole else 0))
        try:
            return published_documents.decode(
                whole.rpartition(b"\n")[2].partition(b" ")[0], published_documents.Head
            ).size
        except Refusal:
            return 0

    def close(self) -> None:
        """Closes the files."""
        self._entries.close()
        self._heads.close()


def read_entries(path: Path) -> Iterator[tuple[bytes, LogEntry]]:
    """Each whole line of a log, and what it says. Raises: msgspec.MsgspecError for a line that is none."""
    for line in _lines(path):
        if line.endswith(b"\n"):
            yield line[:-1], msgspec.json.decode(line, type=LogEntry)


def _lines(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        yield from file
