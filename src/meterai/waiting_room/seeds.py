"""Seeds nobody can choose afterwards: a reverse hash chain, committed to before the event.

Link 0 is secret; each further one is the hash of the one before; the last is published. Window n uses link
`length - 1 - n`: to reveal it tells nothing of later windows, and hashed n + 1 times it gives the commitment.
"""

from __future__ import annotations

import hashlib

_LINK = b"meterai seed v1\x00"
LENGTH = 2**20
"""Links: 121 days of windows of ten seconds."""
_STRIDE = 1024


def next_link(link: bytes) -> bytes:
    """The link after this one."""
    return hashlib.sha256(_LINK + link).digest()


class SeedChain:
    """The secret chain. Holds every 1,024th link, so that any is found with at most 1,023 hashes (0.5 ms)."""

    def __init__(self, root: bytes, length: int = LENGTH) -> None:
        self.length = length
        self._kept = [root]
        link = root
        for number in range(1, length + 1):
            link = next_link(link)
            if number % _STRIDE == 0:
                self._kept.append(link)
        self.commitment = link

    def link(self, window: int) -> bytes:
        """The link that window `window` reveals. Raises: ValueError when the chain is too short for it."""
        number = self.length - 1 - window
        if not 0 <= number < self.length:
            raise ValueError(f"the chain has no link for window {window}")
        link = self._kept[number // _STRIDE]
        for _ in range(number % _STRIDE):
            link = next_link(link)
        return link


def follows(earlier: bytes, later: bytes, steps: int) -> bool:
    """Whether hashing `later` `steps` times gives `earlier`: what was revealed or committed to before it."""
    link = later
    for _ in range(steps):
        link = next_link(link)
    return link == earlier
