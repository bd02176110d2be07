"""What a proposed stamp should be near, in points of the visible page."""

from __future__ import annotations

from typing import NamedTuple

from meterai.pdf.page_box import Rectangle
from meterai.stamping.placement import MARGIN, margin_within

BESIDE_PT = 6.0
"""The gap between the place where people sign and the stamp."""
ON_WORDS_PT = 32.0
"""How far from words that wait for a stamp one lies that still covers them."""
REACH_PT = 100.0
"""How far from its best place a stamp of full size may lie: 40 mm are 113 points."""


class Aim(NamedTuple):
    """A place where people sign, or one that waits for a stamp."""

    box: Rectangle
    is_for_stamp: bool = False
    """Whether the stamp belongs into the box. Else it belongs beside it."""


def best_corner(aim: Aim, size: float, page_size: tuple[float, float]) -> tuple[float, float]:
    """The best lower left corner of a stamp: left of the place where people sign, else right, else below."""
    left, bottom, right, top = aim.box
    across, up = (left + right - size) / 2, (bottom + top - size) / 2
    if not aim.is_for_stamp:
        if left - BESIDE_PT - size >= MARGIN:
            across = left - BESIDE_PT - size
        elif right + BESIDE_PT + size <= page_size[0] - MARGIN:
            across = right + BESIDE_PT
        else:
            across, up = right - size, bottom - BESIDE_PT - size
    return _inside(across, page_size[0], size), _inside(up, page_size[1], size)


def usual_aim(width_pt: float, height_pt: float) -> Aim:
    """The usual signature block, for a page without words and ink: lower right."""
    return Aim((0.72 * width_pt, 0.24 * height_pt, 0.72 * width_pt, 0.24 * height_pt), is_for_stamp=True)


def _inside(corner: float, length: float, size: float) -> float:
    margin = margin_within(length - size)
    return min(max(corner, margin), length - size - margin)
