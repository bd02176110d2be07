"""Merkle tree hashes (RFC 6962 section 2.1): one value for a list that only grows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows entry by entry; keeps only the roots of its full subtrees."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # of full subtrees, the largest first
        for leaf in leaves:
            self.append(leaf)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the full subtrees, the largest first. Together with `size` they suffice to continue the
        tree."""
        return tuple(self._peaks)

    @classmethod
    def grown(cls, size: int, peaks: Sequence[bytes]) -> Tree:
        """A tree of `size` entries. Raises: ValueError when the peaks do not fit this size."""
        if len(peaks) != size.bit_count():
            raise ValueError("a tree has a peak for each bit of its size")
        tree = cls()
        tree.size, tree._peaks = size, list(peaks)
        return tree

    def append(self, data: bytes) -> None:
        """Adds an entry."""
        node, size = leaf_hash(data), self.size
        while size & 1:
            node, size = _node(self._peaks.pop(), node), size >> 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The tree head."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = _node(peak, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The tree head of a list of entries."""
    return Tree(leaves).root()
