"""Compares pages as a person sees them. Runs in the jail only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pypdfium2
import zxingcpp
from PIL import Image, ImageChops

from meterai.verification.model import Box

COMPARE_DPI = 60
PIXELS_MAX = 4_000_000
CODE_DPI = 200
"""What a 2-D code of a stamp needs to be read from a page: modules of three pixels."""


def page_images(data: bytes, dpi: float = COMPARE_DPI) -> list[Image.Image]:
    """Every page in grey, annotations and form fields drawn."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        return [_draw(document[number], dpi / 72) for number in range(len(document))]
    finally:
        document.close()


def codes_within(data: bytes, boxes: Mapping[int, Sequence[Box]]) -> list[str]:
    """Texts of the 2-D codes that can be read within boxes, by page."""
    found: list[str] = []
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        for number, places in boxes.items():
            picture = _draw(document[number - 1], CODE_DPI / 72).convert("L")
            scale = picture.height / document[number - 1].get_height()
            for box in places:
                found += [
                    c.text for c in zxingcpp.read_barcodes(picture.crop(_pixels(box, scale, picture.height)))
                ]
    finally:
        document.close()
    return found


def _draw(page: pypdfium2.PdfPage, scale: float) -> Image.Image:
    width, height = page.get_size()
    scale = min(scale, (PIXELS_MAX / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=True)
    image: Image.Image = bitmap.to_pil().copy()
    return image


def differing_pages(
    before: Sequence[Image.Image],
    after: Sequence[Image.Image],
    blank: Mapping[int, Sequence[Box]],
    covered: Mapping[int, Sequence[Box]],
    dpi: float = COMPARE_DPI,
) -> list[int]:
    """1-based numbers of pages that look different outside the boxes that are allowed by page.

    The boxes `blank` are allowed only where the page was blank before: a new signature may not lie over
    content. Those `covered` may have anything below them.
    """
    wrong = []
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        places = blank.get(number, ()), covered.get(number, ())
        if old.size != new.size or not _same(old, new, *places, dpi / 72):
            wrong.append(number)
    return wrong


def _same(
    old: Image.Image, new: Image.Image, blank: Sequence[Box], covered: Sequence[Box], scale: float
) -> bool:
    old, new = old.convert("L"), new.convert("L")
    for box in blank:
        lowest, highest = old.crop(_pixels(box, scale, old.height)).getextrema()
        if lowest != highest:
            return False
    for box in (*blank, *covered):
        place = _pixels(box, scale, old.height)
        old.paste(255, place)
        new.paste(255, place)
    return ImageChops.difference(old, new).getbbox() is None


def _pixels(box: Box, scale: float, height: int) -> tuple[int, int, int, int]:
    return (
        int(box.x * scale) - 1,
        int(height - (box.y + box.height) * scale) - 1,
        int((box.x + box.width) * scale) + 2,
        int(height - box.y * scale) + 2,
    )
