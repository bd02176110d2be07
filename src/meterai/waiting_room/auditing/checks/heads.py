"""Heads of the log against its entries: signed, in order, and each the root of the entries before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

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
    """Reads the heads together with the entries, one head ahead.

    A head is signed after its entries are on the disk. So the entries in the file must cover each head that
    was read before they ended. Entries without a head get one within seconds.
    """

    def __init__(
        self,
        source: Source,
        key: Ed25519PublicKey,
        findings: Findings,
        *,
        on_head: Callable[[int, int], None],
    ) -> None:
        """`on_head` gets the time and the size of each head, once its entries are read."""
        self._source, self._key, self._findings, self._on_head = source, key, findings, on_head
        self.count = 0
        self._bytes_read = 0
        self._covered = 0
        self._lines = self._read()
        self._next = next(self._lines, None)

    def compare(self, tree: Tree) -> None:
        """Checks the heads that cover exactly the entries read so far."""
        while self._next is not None and self._next.size <= tree.size:
            if self._next.size < self._covered:
                self._findings.add("log.head_order", number=self.count, size=self._next.size)
            elif self._next.size == tree.size and self._next.root != tree.root().hex():
                self._findings.add("log.head_root", max(0, tree.size - 1), size=tree.size)
            self._covered = max(self._covered, self._next.size)
            self._on_head(self._next.at, self._next.size)
            self._next = next(self._lines, None)

    def finish(self, tree: Tree, patience: Patience) -> None:
        """Checks the rest after the last entry."""
        if self._next is not None:
            self._findings.add("log.cut", size=self._next.size, found=tree.size)
            return
        while self._covered < tree.size:
            self._lines = self._read()
            self._next = next(self._lines, None)
            self.compare(tree)
            if self._next is not None:
                return  # a head of entries that were appended since
            if self._covered < tree.size and not patience.wait():
                self._findings.add("log.uncovered", self._covered, size=self._covered)
                return

    def _read(self) -> Iterator[Head]:
        """Reads the heads that follow those read before."""
        for line in lines_of(self._source.pieces(NAME, self._bytes_read)):
            self._bytes_read += len(line) + 1
            self.count += 1
            self._findings.examined("log")
            try:
                yield published_documents.read(line.replace(b" ", b"\n", 1), Head, self._key)
            except Refusal:
                self._findings.add("log.head_forged", number=self.count)


class KeptHeads:
    """Heads that the auditor, or a phone with a status, kept from earlier: (size, root or its beginning).

    There may be several of one size. They reveal an operator who shows different logs to different people.
    """

    def __init__(self, kept: Iterable[tuple[int, str]], findings: Findings, code: str) -> None:
        self._kept: dict[int, list[str]] = {}
        for size, root in kept:
            self._kept.setdefault(size, []).append(root.lower())
        self._findings, self._code = findings, code

    def compare(self, tree: Tree) -> None:
        """Checks the kept heads that cover exactly the entries read so far."""
        roots = self._kept.pop(tree.size, ()) if self._kept else ()
        if not all(tree.root().hex().startswith(root) for root in roots):
            self._findings.add(self._code, max(0, tree.size - 1), size=tree.size)

    def finish(self) -> None:
        """Reports the kept heads that cover more entries than the log has."""
        for size in self._kept:
            self._findings.add(self._code, size=size)
