"""Page images made a moment ago, kept in this process: the page is looked at right after the upload."""

from __future__ import annotations

_KEPT_MAX = 256
"""About 15 MB."""
_images: dict[tuple[str, int, int], bytes] = {}


def keep(key: str, page: int, width_px: int, jpeg: bytes) -> None:
    """Keeps the image of a page of the object `key`; the oldest go."""
    _images[key, page, width_px] = jpeg
    while len(_images) > _KEPT_MAX:
        del _images[next(iter(_images))]


def find(key: str, page: int, width_px: int) -> bytes | None:
    """The image, if it is still here."""
    return _images.get((key, page, width_px))
