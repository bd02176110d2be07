"""Seeds that nobody can choose afterwards: a reverse hash chain with a commitment before the event.

Link 0 is secret. Each further link is the hash of the one before, and the last is published. Window n uses
link `length - 1 - n`. A revealed link says nothing about later windows. Hashed n + 1 times, it gives the
commitment.
"""

from __future__ import annotations

import hashlib

_LINK = b"meterai seed v1\x00"
_NEXT = b"meterai next chain v1\x00"
LENGTH = 2**20
"""Links: 121 days of windows of ten seconds."""
_STRIDE = 1024


def next_link(link: bytes) -> bytes:
    """The link after this one."""
    return _later(link, 1)


def _later(link: bytes, steps: int) -> bytes:
    sha256, prefix = hashlib.sha256, _LINK
    for _ in range(steps):  # a loop in Python over a million of them takes two fifths longer
        link = sha256(prefix + link).digest()
    return link


class SeedChain:
    """The secret chain. It holds every 1,024th link, so any link takes at most 1,023 hashes (0.5 ms)."""

    def __init__(self, root: bytes, length: int = LENGTH) -> None:
        self.length = length
        self._kept = [root]
        for _ in range(length // _STRIDE):
            self._kept.append(_later(self._kept[-1], _STRIDE))
        self.commitment = _later(self._kept[-1], length % _STRIDE)

    def link(self, window: int) -> bytes:
        """The link for window `window`. Raises: ValueError when the chain is too short for it."""
        number = self.length - 1 - window
        if not 0 <= number < self.length:
            raise ValueError(f"the chain has no link for window {window}")
        return _later(self._kept[number // _STRIDE], number % _STRIDE)


class SeedChains:
    """The chains of a queue, one after the other: chain k serves windows k * length to (k + 1) * length - 1.

    The rules hold the commitment to the first chain. The public log gets the commitment to each further chain
    long before the chain before it ends (`log_ahead`).
    """

    def __init__(self, root: bytes, length: int = LENGTH) -> None:
        self.length = length
        self._root = root
        self._chains = {0: SeedChain(root, length)}

    @property
    def commitment(self) -> bytes:
        """The commitment to the first chain, which stands in the rules."""
        return self._chains[0].commitment

    def number_of(self, window: int) -> int:
        """The number of the chain that a window uses."""
        return max(0, window) // self.length

    def build(self, first: int, last: int) -> None:
        """Builds chains (half a second each, once). Call it in a thread before they are needed."""
        for number in range(first, last + 1):
            self._chain(number)

    def is_built(self, first: int, last: int) -> bool:
        """Whether these chains are built."""
        return all(number in self._chains for number in range(first, last + 1))

    def commitment_of(self, number: int) -> bytes:
        """The commitment to chain `number`."""
        return self._chain(number).commitment

    def link(self, window: int) -> bytes:
        """The link for window `window`."""
        return self._chain(self.number_of(window)).link(window % self.length)

    def _chain(self, number: int) -> SeedChain:
        if number not in self._chains:
            root = hashlib.sha256(_NEXT + number.to_bytes(4, "big") + self._root).digest()
            self._chains[number] = SeedChain(root, self.length)
        return self._chains[number]


def log_ahead(length: int) -> int:
    """The number of windows before the end of a chain at which the next one is logged: a quarter, 30 days."""
    return max(2, length // 4)


def follows(earlier: bytes, later: bytes, steps: int) -> bool:
    """Whether `later`, hashed `steps` times, gives `earlier`: a revealed link or a commitment."""
    return _later(later, steps) == earlier
