"""Parts of a picture, counted in dots from its upper left corner."""

from __future__ import annotations

from PIL import Image

Dots = tuple[int, int, int, int]
"""Left, top, right and bottom of a part."""


def within(part: Dots, picture: Image.Image, *, around: int = 0) -> Dots:
    """The part with some dots around it, as far as the picture goes."""
    left, top, right, bottom = part
    return (
        max(0, left - around),
        max(0, top - around),
        min(picture.width, right + around),
        min(picture.height, bottom + around),
    )


def counted_from(corner: tuple[int, int], part: Dots) -> Dots:
    """The same part, counted from another corner."""
    left, top = corner
    return part[0] - left, part[1] - top, part[2] - left, part[3] - top
