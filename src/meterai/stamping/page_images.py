"""Keeps recent page images in this process: people look at the page right after the upload."""

from __future__ import annotations

import time

_KEPT_MAX = 256
"""Number of images, about 15 MB."""
_images: dict[tuple[str, int, int], tuple[float, bytes]] = {}


def keep(key: str, page: int, width_px: int, jpeg: bytes) -> None:
    """Keeps the image of a page of the object `key`, and drops the oldest ones."""
    _images[key, page, width_px] = (time.monotonic(), jpeg)
    while len(_images) > _KEPT_MAX:
        del _images[next(iter(_images))]


def find(key: str, page: int, width_px: int, *, younger_than_s: float = float("inf")) -> bytes | None:
    """Returns the image if it is here and young enough."""
    made_at, jpeg = _images.get((key, page, width_px), (0.0, None))
    return jpeg if time.monotonic() - made_at < younger_than_s else None
