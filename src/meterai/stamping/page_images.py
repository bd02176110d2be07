"""Page images made a moment ago, kept in this process: the page is looked at right after the upload."""

from __future__ import annotations

import time

_KEPT_MAX = 256
"""About 15 MB."""
_images: dict[tuple[str, int, int], tuple[float, bytes]] = {}


def keep(key: str, page: int, width_px: int, jpeg: bytes) -> None:
    """Keeps the image of a page of the object `key`; the oldest go."""
    _images[key, page, width_px] = (time.monotonic(), jpeg)
    while len(_images) > _KEPT_MAX:
        del _images[next(iter(_images))]


def find(key: str, page: int, width_px: int, *, younger_than_s: float = float("inf")) -> bytes | None:
    """The image, if it is still here and not older than that."""
    made_at, jpeg = _images.get((key, page, width_px), (0.0, None))
    return jpeg if time.monotonic() - made_at < younger_than_s else None
