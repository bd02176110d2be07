"""The public log: an append-only file of JSON lines, one tree over all of them, and signed heads.

`entries.jsonl`: `{"n": 0, "at": unix, "what": ..., "facts": {...}}`, the leaf of entry n is its line without
the line break. `heads.jsonl`: signed `documents.Head`, the JSON line and the signature joined by a blank. One
writer: the controller that holds the lease.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.waiting_room import documents
from meterai.waiting_room.merkle import Tree

ENTRIES, HEADS = "entries.jsonl", "heads.jsonl"


class What(StrEnum):
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
    at: int
    what: What
    facts: dict[str, Any]


class PublicLog:
    """The log in a folder, opened for appending. A last line that a crash cut off is dropped.

    `append` writes; `sync` makes durable and signs a head: nothing that an entry allows is done before.
    """

    def __init__(self, folder: Path, event: str, key: Ed25519PrivateKey) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._event, self._key = event, key
        self._tree = Tree()
        self._heads = (folder / HEADS).open("ab", buffering=0)
        path = folder / ENTRIES
        whole = 0
        if path.exists():
            for line in _lines(path):
                if not line.endswith(b"\n"):
                    break
                self._tree.append(line[:-1])
                whole += len(line)
        self._entries = path.open("ab")
        if self._entries.tell() > whole:
            self._entries.truncate(whole)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self._tree.size

    def root(self) -> bytes:
        """The tree head of everything appended."""
        return self._tree.root()

    def append(self, what: What, facts: Mapping[str, Any], at: int) -> int:
        """Adds an entry and gives its number. Not durable before `sync`.

        The same facts give the same bytes, whatever their order: who repeats what a crash left out, with a
        head that somebody may have seen, must come to the same tree.
        """
        entry = LogEntry(n=self._tree.size, at=at, what=what, facts=dict(facts))
        line = msgspec.json.encode(entry, order="deterministic")
        self._entries.write(line + b"\n")
        self._tree.append(line)
        return entry.n

    def sync(self, at: int) -> documents.Head:
        """Makes everything appended durable, and publishes its signed head."""
        self._entries.flush()
        os.fsync(self._entries.fileno())
        head = documents.Head(event=self._event, at=at, size=self.size, root=self.root().hex())
        signed = documents.sign(head, self._key)
        self._heads.write(signed.rstrip(b"\n").replace(b"\n", b" ") + b"\n")
        os.fsync(self._heads.fileno())
        return head

    def close(self) -> None:
        """Closes the files."""
        self._entries.close()
        self._heads.close()


def read_entries(path: Path) -> Iterator[tuple[bytes, LogEntry]]:
    """Each whole line of a log, and what it says. Raises: msgspec.MsgspecError for a line that is none."""
    for line in _lines(path):
        if line.endswith(b"\n"):
            yield line[:-1], msgspec.json.decode(line, type=LogEntry)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file
