"""Keeps recent page images in this process: people look at the page right after the upload."""

from __future__ import annotations

import time

_KEPT_BYTES_MAX = 24 << 20
"""Some 400 pages, or 3,000 small pictures of pages."""
_images: dict[tuple[str, int, int], tuple[float, bytes]] = {}
_kept_bytes = 0


def keep(key: str, page: int, width_px: int, jpeg: bytes) -> None:
    """Keeps the image of a page of the object `key`, and drops the oldest ones."""
    global _kept_bytes
    _forget((key, page, width_px))
    _images[key, page, width_px] = (time.monotonic(), jpeg)
    _kept_bytes += len(jpeg)
    while _kept_bytes > _KEPT_BYTES_MAX:
        _forget(next(iter(_images)))


def _forget(name: tuple[str, int, int]) -> None:
    global _kept_bytes
    _, jpeg = _images.pop(name, (0.0, b""))
    _kept_bytes -= len(jpeg)


def find(key: str, page: int, width_px: int, *, younger_than_s: float = float("inf")) -> bytes | None:
    """Returns the image if it is here and young enough."""
    made_at, jpeg = _images.get((key, page, width_px), (0.0, None))
    return jpeg if time.monotonic() - made_at < younger_than_s else None
