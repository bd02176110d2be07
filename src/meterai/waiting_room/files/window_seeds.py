"""The published seeds of windows. A window's document is read once; a seed never changes after that."""

from __future__ import annotations

from collections import OrderedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Reveal
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.draw import place_of

_KEPT_MAX = 20_000


class WindowSeeds:
    """The seeds of one queue. `key`: the controller's, which signs them."""

    def __init__(self, folder: QueueFolder, key: Ed25519PublicKey) -> None:
        self._folder = folder
        self._key = key
        self._known: OrderedDict[int, bytes] = OrderedDict()

    def seed_of(self, window: int) -> bytes | None:
        """The seed of a window (32 bytes); None: not published yet."""
        known = self._known.get(window)
        if known is not None:
            return known
        try:
            raw = self._folder.window_reveal(window).read_bytes()
            seed = bytes.fromhex(published_documents.read(raw, Reveal, self._key).seed)
        except (OSError, Refusal):
            return None
        self._known[window] = seed
        if len(self._known) > _KEPT_MAX:
            self._known.popitem(last=False)
        return seed

    def place_in(self, window: int, id: bytes) -> int | None:
        """The place of an id in a window, 0 to below 2^64; None until the window's seed is published."""
        seed = self.seed_of(window)
        return None if seed is None else place_of(seed, id)
