"""The public log: an append-only file of JSON lines, one tree over all of them, and signed heads.

`entries.jsonl` has lines `{"n": 0, "at": unix, "what": ..., "facts": {...}}`. The leaf of entry n is its line
without the line break. A line of `heads.jsonl` is a signed `documents.Head`: the JSON line, a space, and the
signature. The only writer is the controller that holds the lease.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

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
    DEAD_GATE = "dead_gate"  # a gate declared dead; its unlisted tickets are honoured
    LATE_TICKET = "late_ticket"  # such a ticket
    CERTIFICATE = "certificate"  # id and digest of a certificate of attempt
    PROMISE = "promise"  # id, done by, probability: the first promise given
    STATE = "state"  # state of the queue, and its cause


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    n: int
    at: published_documents.Number
    what: EntryKind
    facts: dict[str, Any]


class LogMark(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log was read, and the tree over that part. With it, another process need not read that
    part again."""

    size: int
    bytes: int
    """Position in the file of entries."""
    peaks: list[str]
    head: str
    """A signed root of this size. Only the signature makes the mark trustworthy."""


class PublicLog:
    """The log in a folder, opened for appending. Drops a last line that a crash cut off.

    `sync` writes what was appended, makes it durable and signs a head. Nothing that an entry allows happens
    before. `mark` is one that `keep_mark` received earlier. With a wrong mark everything is read.
    """

    def __init__(
        self,
        folder: Path,
        event: str,
        key: Ed25519PrivateKey,
        *,
        mark: bytes = b"",
        keep_mark: Callable[[bytes], None] = lambda raw: None,
        hand_on: Callable[[Path, int, bytes], None] = lambda path, offset, piece: None,
    ) -> None:
        """`hand_on`: gets what will be appended to a file at an offset, before it is written."""
        folder.mkdir(parents=True, exist_ok=True)
        self._event, self._key, self._keep_mark, self._hand_on = event, key, keep_mark, hand_on
        self._folder = folder
        self._new: list[bytes] = []
        """Lines that `sync` will write."""
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
        """The number of entries."""
        return self._tree.size

    def root(self) -> bytes:
        """The tree head of everything appended."""
        return self._tree.root()

    def append(self, what: EntryKind, facts: Mapping[str, Any], at: int) -> int:
        """Adds an entry and returns its number. It is durable after `sync`.

        The same facts give the same bytes in any order. After a crash the controller writes lost entries
        again. Their tree must be the same, because somebody may have seen its head.
        """
        entry = LogEntry(n=self._tree.size, at=at, what=what, facts=dict(facts))
        line = msgspec.json.encode(entry, order="deterministic")
        self._new.append(line + b"\n")
        self._tree.append(line)
        return entry.n

    def sync(self, at: int) -> published_documents.Head:
        """Makes everything appended durable, and publishes its signed head."""
        self._append(self._entries, ENTRIES, b"".join(self._new))
        self._new.clear()
        head = published_documents.Head(event=self._event, at=at, size=self.size, root=self.root().hex())
        signed = published_documents.sign(head, self._key)
        self._append(self._heads, HEADS, signed.rstrip(b"\n").replace(b"\n", b" ") + b"\n")
        self._signed = head.size
        if self.size - self._marked_at >= MARK_EVERY:
            self._mark(signed)
        return head

    def _append(self, file: IO[bytes], name: str, piece: bytes) -> None:
        """Appends bytes to a file and makes them durable."""
        if piece:
            self._hand_on(self._folder / name, file.seek(0, os.SEEK_END), piece)
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def _mark(self, head: bytes) -> None:
        peaks = [peak.hex() for peak in self._tree.peaks]
        mark = LogMark(size=self.size, bytes=self._entries.tell(), peaks=peaks, head=head.decode())
        self._keep_mark(msgspec.json.encode(mark))
        self._marked_at = self.size

    def _marked(self, raw: bytes, length: int) -> tuple[Tree, int] | None:
        """The tree of a mark and where to continue; None for a mark that does not fit this file and our
        key."""
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
        """The size of the last head. Drops a line that a crash cut off, so that no line is joined to it."""
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
        """Closes the files. Entries that have no head yet stay in them."""
        self._entries.write(b"".join(self._new))
        self._entries.close()
        self._heads.close()


def read_entries(path: Path) -> Iterator[tuple[bytes, LogEntry]]:
    """Each complete line of a log, and its entry. Raises: msgspec.MsgspecError for an unreadable line."""
    for line in _lines(path):
        if line.endswith(b"\n"):
            yield line[:-1], msgspec.json.decode(line, type=LogEntry)


def _lines(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        yield from file
