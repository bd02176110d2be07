"""Looks for pictures of a stamp in the faces of later signatures. Runs in the jail."""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2
from PIL import Image

from meterai.pdf.page_box import PageBox
from meterai.verification.in_jail.looks.boxes import around, groups
from meterai.verification.in_jail.looks.faces import Face
from meterai.verification.in_jail.looks.rendered import draw_part
from meterai.verification.in_jail.looks.stamp_likeness import general_patterns, is_like_a_stamp
from meterai.verification.model import Box

_SIDE_PX = 480
_DPI_MIN, _DPI_MAX = 216, 1200
_PIXELS_MAX = 1_000_000


def shows_a_stamp(page: pypdfium2.PdfPage, seen: PageBox, faces: Sequence[Face]) -> bool:
    """Whether faces of other people, one by one or several that touch, look like a stamp.

    Those of stamps by hash should.
    """
    boxes = [face.box for face in faces if not (face.is_stamp or face.hash_serial)]
    patterns = general_patterns()
    return any(is_like_a_stamp(_picture(page, seen, group), patterns) for group in groups(boxes))


def _picture(page: pypdfium2.PdfPage, seen: PageBox, group: Sequence[Box]) -> Image.Image:
    whole = around(group, seen)
    dpi = min(_DPI_MAX, max(_DPI_MIN, 72 * _SIDE_PX / max(1.0, whole.width, whole.height)))
    picture = draw_part(page, seen, whole, dpi, _PIXELS_MAX).convert("L")
    return picture if len(group) == 1 else _alone(picture, whole, group)


def _alone(picture: Image.Image, whole: Box, group: Sequence[Box]) -> Image.Image:
    """The picture with nothing but the group's boxes on its most frequent colour."""
    counts = picture.histogram()
    alone = Image.new("L", picture.size, counts.index(max(counts)))
    across, up = picture.width / max(1.0, whole.width), picture.height / max(1.0, whole.height)
    for box in group:
        place = (
            max(0, round((box.x - whole.x) * across)),
            max(0, round((whole.y + whole.height - box.y - box.height) * up)),
        )
        corner = (
            min(picture.width, place[0] + round(box.width * across)),
            min(picture.height, place[1] + round(box.height * up)),
        )
        if place[0] < corner[0] and place[1] < corner[1]:
            alone.paste(picture.crop((*place, *corner)), place)
    return alone
