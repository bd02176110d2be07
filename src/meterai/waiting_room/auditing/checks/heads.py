"""Heads of the log against its entries: signed, in order, each the root of the entries before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.auditing.findings import Findings
from meterai.waiting_room.auditing.patience import Patience
from meterai.waiting_room.auditing.sources import Source, lines_of
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Head
from meterai.waiting_room.rules.merkle import Tree

NAME = "log/heads.jsonl"


class HeadsCheck:
    """Reads the heads in step with the entries, one ahead.

    A head is signed after its entries are on the disk; so whatever head was read while entries were left must
    be covered by them, and entries that no head covers are told by one that comes within seconds.
    """

    def __init__(self, source: Source, key: Ed25519PublicKey, findings: Findings) -> None:
        self._source, self._key, self._findings = source, key, findings
        self.count = 0
        self._bytes_read = 0
        self._covered = 0
        self._lines = self._read()
        self._next = next(self._lines, None)

    def compare(self, tree: Tree) -> None:
        """Checks the heads that stand for as many entries as there are now."""
        while self._next is not None and self._next.size <= tree.size:
            if self._next.size < self._covered:
                self._findings.add("log.head_order", number=self.count, size=self._next.size)
            elif self._next.size == tree.size and self._next.root != tree.root().hex():
                self._findings.add("log.head_root", max(0, tree.size - 1), size=tree.size)
            self._covered = max(self._covered, self._next.size)
            self._next = next(self._lines, None)

    def finish(self, tree: Tree, patience: Patience) -> None:
        """The entries have come to their end."""
        if self._next is not None:
            self._findings.add("log.cut", size=self._next.size, found=tree.size)
            return
        while self._covered < tree.size:
            self._lines = self._read()
            self._next = next(self._lines, None)
            self.compare(tree)
            if self._next is not None:
                return  # of entries that were appended since
            if self._covered < tree.size and not patience.wait():
                self._findings.add("log.uncovered", self._covered, size=self._covered)
                return

    def _read(self) -> Iterator[Head]:
        """The heads that lie behind those read before."""
        for line in lines_of(self._source.pieces(NAME, self._bytes_read)):
            self._bytes_read += len(line) + 1
            self.count += 1
            self._findings.examined("log")
            try:
                yield published_documents.read(line.replace(b" ", b"\n", 1), Head, self._key)
            except Refusal:
                self._findings.add("log.head_forged", number=self.count)


class KeptHeads:
    """Heads that the auditor, or a phone with a status, kept from earlier: (size, root or how it begins).

    Of one size there may be several: who shows different logs to different people is found by just that.
    """

    def __init__(self, kept: Iterable[tuple[int, str]], findings: Findings, code: str) -> None:
        self._kept: dict[int, list[str]] = {}
        for size, root in kept:
            self._kept.setdefault(size, []).append(root.lower())
        self._findings, self._code = findings, code

    def compare(self, tree: Tree) -> None:
        """Checks those for as many entries as there are now."""
        roots = self._kept.pop(tree.size, ()) if self._kept else ()
        if not all(tree.root().hex().startswith(root) for root in roots):
            self._findings.add(self._code, max(0, tree.size - 1), size=tree.size)

    def finish(self) -> None:
        """Those that tell of more entries than there are."""
        for size in self._kept:
            self._findings.add(self._code, size=size)
