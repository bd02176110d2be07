"""Finds the last ink of a page: there people sign when no word says where."""

from __future__ import annotations

import re
from itertools import pairwise

from PIL import Image

from meterai.stamping.in_jail.places.aims import Aim
from meterai.stamping.in_jail.places.page_marks import PageMarks

_EDGE_SHARE = 0.025
"""Share of the page along its sides that is not looked at: scanners leave shadows there."""
_BAND_GAP_PT = 14.0
"""Empty height that divides two bands of text."""
_BLOCK_GAP_PT = 40.0
"""Empty width that divides two blocks of one band."""
_BAND_MAX_PT = 110.0
_FOOT_PT = (75.0, 32.0)
"""A band that ends so low, and is no higher than that, is the page's foot."""
_ROOM_PT = 50.0
"""Above the last ink, which is a name as a rule, lies the room in which people sign."""
_RUN = re.compile(rb"[^\x00]+")
_DOTS_MIN = 2
"""Dots of a row from which they are no dust."""


def find_last_ink(page: PageMarks) -> Aim | None:
    """The last block of ink, without the page's foot. None on an empty page."""
    side, foot = round(page.marks.width * _EDGE_SHARE), round(page.marks.height * _EDGE_SHARE)
    looked_at = (side, foot, page.marks.width - side, page.marks.height - foot)
    marks = page.marks.crop(looked_at)
    bands = _runs(
        marks.resize((1, marks.height), Image.Resampling.BOX), _BAND_GAP_PT * page.scale, marks.width
    )
    if not bands:
        return None
    top, bottom = bands[-1]
    if len(bands) > 1 and _is_foot(page, top, bottom, marks.height + foot):
        top, bottom = bands[-2]
    top = max(top, bottom - round(_BAND_MAX_PT * page.scale))
    band = marks.crop((0, top, marks.width, bottom))
    blocks = _runs(band.resize((band.width, 1), Image.Resampling.BOX), _BLOCK_GAP_PT * page.scale, 0)
    left, right = blocks[-1]
    return Aim(
        (
            (left + side) / page.scale,
            page.height_pt - (bottom + foot) / page.scale,
            (right + side) / page.scale,
            page.height_pt - (top + foot) / page.scale + _ROOM_PT,
        )
    )


def _is_foot(page: PageMarks, top: int, bottom: int, height: int) -> bool:
    return (height - bottom) / page.scale <= _FOOT_PT[0] and (bottom - top) / page.scale <= _FOOT_PT[1]


def _runs(line: Image.Image, gap: float, width: int) -> list[tuple[int, int]]:
    """Where a line of means has marks: begin and end of each run. Runs with a small gap between are one.

    `width`: dots of each mean, to leave out dust.
    """
    least = 255 * _DOTS_MIN / width if width else 1
    means = bytes(mean if mean >= least else 0 for mean in line.tobytes())
    runs = [match.span() for match in _RUN.finditer(means)]
    if not runs:
        return []
    ends = [(first[1], second[0]) for first, second in pairwise(runs) if second[0] - first[1] > gap]
    starts = [runs[0][0], *(start for _, start in ends)]
    return list(zip(starts, [*(end for end, _ in ends), runs[-1][1]], strict=True))
