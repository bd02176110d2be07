"""Seeds nobody can choose afterwards: a reverse hash chain, committed to before the event.

Link 0 is secret; each further one is the hash of the one before; the last is published. Window n uses link
`length - 1 - n`: to reveal it tells nothing of later windows, and hashed n + 1 times it gives the commitment.
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
    for _ in range(steps):  # a million of them: with a call of ours for each it takes two fifths longer
        link = sha256(prefix + link).digest()
    return link


class SeedChain:
    """The secret chain. Holds every 1,024th link, so that any is found with at most 1,023 hashes (0.5 ms)."""

    def __init__(self, root: bytes, length: int = LENGTH) -> None:
        self.length = length
        self._kept = [root]
        for _ in range(length // _STRIDE):
            self._kept.append(_later(self._kept[-1], _STRIDE))
        self.commitment = _later(self._kept[-1], length % _STRIDE)

    def link(self, window: int) -> bytes:
        """The link that window `window` reveals. Raises: ValueError when the chain is too short for it."""
        number = self.length - 1 - window
        if not 0 <= number < self.length:
            raise ValueError(f"the chain has no link for window {window}")
        return _later(self._kept[number // _STRIDE], number % _STRIDE)


class SeedChains:
    """The chains of a queue, one after the other: chain k serves windows k * length to (k + 1) * length - 1.

    The rules commit to the first; each further one is committed to in the public log, long before the one
    before it ends (`log_ahead`).
    """

    def __init__(self, root: bytes, length: int = LENGTH) -> None:
        self.length = length
        self._root = root
        self._chains = {0: SeedChain(root, length)}

    @property
    def commitment(self) -> bytes:
        """To the first chain: it stands in the rules."""
        return self._chains[0].commitment

    def number_of(self, window: int) -> int:
        """Which chain a window uses."""
        return max(0, window) // self.length

    def build(self, first: int, last: int) -> None:
        """Makes chains ready (half a second each, once): call it in a thread before they are needed."""
        for number in range(first, last + 1):
            self._chain(number)

    def is_built(self, first: int, last: int) -> bool:
        """Whether nothing is left to make."""
        return all(number in self._chains for number in range(first, last + 1))

    def commitment_of(self, number: int) -> bytes:
        """To chain `number`."""
        return self._chain(number).commitment

    def link(self, window: int) -> bytes:
        """The link that window `window` reveals."""
        return self._chain(self.number_of(window)).link(window % self.length)

    def _chain(self, number: int) -> SeedChain:
        if number not in self._chains:
            root = hashlib.sha256(_NEXT + number.to_bytes(4, "big") + self._root).digest()
            self._chains[number] = SeedChain(root, self.length)
        return self._chains[number]


def log_ahead(length: int) -> int:
    """So many windows before a chain ends the next one stands in the log: a quarter, 30 days."""
    return max(2, length // 4)


def follows(earlier: bytes, later: bytes, steps: int) -> bool:
    """Whether hashing `later` `steps` times gives `earlier`: what was revealed or committed to before it."""
    return _later(later, steps) == earlier
