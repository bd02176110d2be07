"""Compares pages as a person sees them. Runs in the jail only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial

import pypdfium2
import zxingcpp
from PIL import Image, ImageChops

from meterai.pdf.page_box import PageBox
from meterai.verification.in_jail.scan_copies import lighten_scans, plain_jpegs
from meterai.verification.model import Box

COMPARE_DPI = 60
PIXELS_MAX = 4_000_000
CODE_DPI = 200
"""Scale at which a stamp's 2-D code can be read from a page: three pixels a module."""
STAMP_PT_MAX = 110
_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.MatrixCodes)


def page_images(data: bytes, dpi: float = COMPARE_DPI) -> list[Image.Image]:
    """Every page in grey, annotations and form fields drawn."""
    document = pypdfium2.PdfDocument(data)
    jpegs = cache(partial(plain_jpegs, data))
    try:
        document.init_forms()
        return [_draw(document[number], dpi / 72, jpegs) for number in range(len(document))]
    finally:
        document.close()


def codes_near(
    data: bytes, pages: Sequence[PageBox], faces: Mapping[int, Sequence[Box]]
) -> Iterator[tuple[int, str, Box]]:
    """Page, text and place of each 2-D code on the pages with faces, also outside the faces.

    One face may draw a part of a code, and another the rest.
    """
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        for number, places in faces.items():
            for area in _areas(pages[number - 1], places):
                picture = _draw_part(document[number - 1], pages[number - 1], area)
                for code in zxingcpp.read_barcodes(picture, formats=_CODES):
                    yield number, code.text, _place_in(area, picture, code.position)
    finally:
        document.close()


def _areas(page: PageBox, faces: Sequence[Box]) -> list[Box]:
    """The areas to search for codes: the page, and around each face of a page too large to be drawn
    finely."""
    whole = Box(x=0, y=0, width=page.width_pt, height=page.height_pt)
    if page.width_pt * page.height_pt * (CODE_DPI / 72) ** 2 <= PIXELS_MAX:
        return [whole]
    return [whole, *(_widened(face, page) for face in faces)]


def _widened(box: Box, page: PageBox) -> Box:
    """The box, wider by the size of a stamp, within the page."""
    left, bottom = max(0.0, box.x - STAMP_PT_MAX), max(0.0, box.y - STAMP_PT_MAX)
    right = min(page.width_pt, box.x + box.width + STAMP_PT_MAX)
    top = min(page.height_pt, box.y + box.height + STAMP_PT_MAX)
    return Box(x=left, y=bottom, width=max(0.0, right - left), height=max(0.0, top - bottom))


def _place_in(area: Box, picture: Image.Image, found: zxingcpp.Position) -> Box:
    corners = (found.top_left, found.top_right, found.bottom_right, found.bottom_left)
    across, up = area.width / picture.width, area.height / picture.height
    left, top = min(c.x for c in corners) * across, min(c.y for c in corners) * up
    right, bottom = max(c.x for c in corners) * across, max(c.y for c in corners) * up
    return Box(x=area.x + left, y=area.y + area.height - bottom, width=right - left, height=bottom - top)


def _draw_part(page: pypdfium2.PdfPage, seen: PageBox, box: Box) -> Image.Image:
    """Draws the content of a box as finely as a code needs."""
    width, height = page.get_size()
    across, up = width / seen.width_pt, height / seen.height_pt  # PDFium knows no UserUnit
    scale = min(CODE_DPI / 72, (PIXELS_MAX / max(1.0, box.width * box.height)) ** 0.5) / across
    cut = (
        box.x * across,
        box.y * up,
        width - (box.x + box.width) * across,
        height - (box.y + box.height) * up,
    )
    left, bottom, right, top = (max(0.0, margin) for margin in cut)
    if left + right >= width or bottom + top >= height:
        return Image.new("L", (1, 1))
    bitmap = page.render(scale=scale, crop=(left, bottom, right, top), grayscale=True, may_draw_forms=True)
    image: Image.Image = bitmap.to_pil().convert("L")
    return image


def _draw(page: pypdfium2.PdfPage, scale: float, jpegs: Callable[[], set[bytes]]) -> Image.Image:
    width, height = page.get_size()
    scale = min(scale, (PIXELS_MAX / max(1.0, width * height)) ** 0.5)
    lighten_scans(page, jpegs, scale=scale)
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=True)
    image: Image.Image = bitmap.to_pil().copy()
    return image


def differing_pages(
    before: Sequence[Image.Image],
    after: Sequence[Image.Image],
    pages: Sequence[PageBox],
    blank: Mapping[int, Sequence[Box]],
    covered: Mapping[int, Sequence[Box]],
) -> list[int]:
    """1-based numbers of the pages that look different outside the allowed boxes.

    The boxes `blank` are allowed only where the page was blank before: a new signature may not cover content.
    The boxes `covered` may have anything below them.
    """
    wrong = []
    for number, (old, new, page) in enumerate(zip(before, after, pages, strict=True), 1):
        places = blank.get(number, ()), covered.get(number, ())
        if old.size != new.size or not _same(old, new, page, *places):
            wrong.append(number)
    return wrong


def _same(
    old: Image.Image, new: Image.Image, page: PageBox, blank: Sequence[Box], covered: Sequence[Box]
) -> bool:
    old, new = old.convert("L"), new.convert("L")
    for box in blank:
        lowest, highest = old.crop(_pixels(box, page, old)).getextrema()
        if lowest != highest:
            return False
    for box in (*blank, *covered):
        place = _pixels(box, page, old)
        old.paste(255, place)
        new.paste(255, place)
    return ImageChops.difference(old, new).getbbox() is None


def _pixels(box: Box, page: PageBox, image: Image.Image) -> tuple[int, int, int, int]:
    """A box in pixels, by the size of the picture: large pages are drawn coarser, and PDFium ignores
    UserUnit."""
    across, up = image.width / page.width_pt, image.height / page.height_pt
    return (
        int(box.x * across) - 1,
        int(image.height - (box.y + box.height) * up) - 1,
        int((box.x + box.width) * across) + 2,
        int(image.height - box.y * up) + 2,
    )
