"""Turns the box of a signature, as clients in the field send it, into the place of a stamp (docs/wire.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from meterai.pdf.page_box import Rectangle, ordered
from meterai.pdf.requests import PageSize
from meterai.stamping.placement import SIZE_MAX, SIZE_MIN, Placement, fitting_size

_FAR_PT = 1_000_000.0
"""Beyond every page. What lies further out, or is no number, counts as this far."""


class SigningBox(msgspec.Struct, frozen=True, kw_only=True):
    """Two corners in points of the visible page, in any order, and the number of a page."""

    corners: Rectangle
    """visLLX, visLLY, visURX, visURY, as they were sent."""
    page: int


def place_in(box: SigningBox, sizes: Sequence[PageSize]) -> Placement:
    """The largest square in the middle of the box, of a size that a stamp may have, on a page that there is.

    A page beyond the last is the last, and one below 1 is the first. A stamp that would lie partly outside of
    the page, or that is larger than its box because the box is too small, is moved onto the page.
    """
    page = min(max(box.page, 1), len(sizes))
    width, height = sizes[page - 1].width_pt, sizes[page - 1].height_pt
    x0, y0, x1, y1 = ordered(_near(box.corners))
    least = fitting_size(width, height, wanted=SIZE_MIN)
    size = fitting_size(width, height, wanted=min(x1 - x0, y1 - y0, SIZE_MAX))
    size = math.floor(max(size, least) * 100) / 100
    return Placement(
        page=page,
        x=_within((x0 + x1 - size) / 2, width - size),
        y=_within((y0 + y1 - size) / 2, height - size),
        size=size,
        may_cover=True,
    )


def _near(corners: Rectangle) -> Rectangle:
    x0, y0, x1, y1 = (0.0 if math.isnan(one) else min(max(one, -_FAR_PT), _FAR_PT) for one in corners)
    return x0, y0, x1, y1


def _within(wanted: float, room: float) -> float:
    return math.floor(min(max(wanted, 0.0), max(room, 0.0)) * 100) / 100
