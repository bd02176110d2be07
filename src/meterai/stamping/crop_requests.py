"""The request to the jail for the picture of a stamp and its surroundings."""

from __future__ import annotations

import msgspec

from meterai.pdf.page_box import Rectangle
from meterai.stamping.placement import Placement

DRAW_CROP = "meterai.stamping.in_jail.stamp_pictures:draw_crop"
CROP_WIDTH_PX = 640
"""Twice the width of a phone's page: sharp on its screen."""


class CropRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a part of a page, in points of the visible page, with a sample of a stamp on these places."""

    data: bytes
    page: int
    box: Rectangle
    samples: list[Placement]
