"""Reads machine-readable codes near the faces of later signatures. Runs in the jail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pypdfium2
import zxingcpp
from PIL import Image

from meterai.kernel.refusals import Refusal
from meterai.pdf.page_box import PageBox
from meterai.signatures.stamp_code import decode_code
from meterai.verification.in_jail.looks.boxes import area, around, groups, overlap
from meterai.verification.in_jail.looks.rendered import draw_part
from meterai.verification.model import Box

CODE_DPI = 300
"""Scale at which codes are looked for. The code of a stamp of 40 points has two dots a module then."""
_STAMP_PT_MAX = 110
_PIXELS_MAX = 10_000_000
_FORMATS = zxingcpp.BarcodeFormats((zxingcpp.BarcodeFormat.MatrixCodes, zxingcpp.BarcodeFormat.Code128))


class Code(NamedTuple):
    """A code on a page."""

    text: str
    place: Box

    @property
    def serial(self) -> str:
        """The serial number in the code of a stamp; empty for any other code."""
        try:
            return decode_code(self.text).serial
        except Refusal:
            return ""

    def touches(self, faces: Sequence[Box]) -> bool:
        return any(overlap(self.place, face) for face in faces)


def codes_near(page: pypdfium2.PdfPage, seen: PageBox, faces: Sequence[Box]) -> Iterator[Code]:
    """Each code on and around the faces. One face may draw a part of it, and another the rest."""
    for part in _parts(seen, faces):
        picture = draw_part(page, seen, part, CODE_DPI, _PIXELS_MAX).convert("L")
        for found in zxingcpp.read_barcodes(picture, formats=_FORMATS):
            yield Code(found.text, _place_in(part, picture, found.position))


def _parts(seen: PageBox, faces: Sequence[Box]) -> list[Box]:
    """What to search: around the faces, or all of a page if that is less."""
    whole = Box(x=0, y=0, width=seen.width_pt, height=seen.height_pt)
    near = [around(group, seen, _STAMP_PT_MAX) for group in groups(faces)]
    fits = area([whole]) * (CODE_DPI / 72) ** 2 <= _PIXELS_MAX
    return [whole] if fits and area(near) > area([whole]) else near


def _place_in(part: Box, picture: Image.Image, found: zxingcpp.Position) -> Box:
    corners = (found.top_left, found.top_right, found.bottom_right, found.bottom_left)
    across, up = part.width / picture.width, part.height / picture.height
    left, top = min(c.x for c in corners) * across, min(c.y for c in corners) * up
    right, bottom = max(c.x for c in corners) * across, max(c.y for c in corners) * up
    return Box(x=part.x + left, y=part.y + part.height - bottom, width=right - left, height=bottom - top)
