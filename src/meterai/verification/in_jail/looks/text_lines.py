"""Says whether a place stands on a line of text, close to the text. Runs in the jail.

A few letters behind a sum make another sum. Nobody sees from a picture whether they belong to the line, so a
signature there can't be judged. Dots, dashes, brackets and ruled lines are no text: people sign on them.
"""

from __future__ import annotations

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

from meterai.pdf.ink import DOTS_PER_PT, ground_of, letters_of, marks_on, seen_box
from meterai.pdf.page_box import Rectangle
from meterai.pdf.regions import Pixels, regions

NEAR_PT = 30 * 72 / 25.4
"""How far a line of text reaches to both sides: 30 mm."""
GRAZED_PT = 1.0
"""How far a place may reach into the band of a line: people sign close above a printed name."""
_NO_TEXT = frozenset(" \t\r\n\xa0.·•․‥…⋯_-‐‑‒–—―−()[]:;,/\\|\ufffe\x02")
_LETTER_PT_MIN, _LETTER_PT_MAX = 2.5, 45.0
"""Smaller marks are dots or dust, higher ones pictures."""
_JOINED = 4
"""How many dots beside each other become one: letters of a line are one mark then, and modules of a code."""
_SCAN_SHARE = 0.25
"""Share of a page from which a picture is a scan. There, high marks may be several lines that touch."""
_FORMS_DEEP = 4
_UPRIGHT_PT_MIN, _UPRIGHT_RATIO = 15.0, 2.0
"""From this height, and in this ratio to its width, a mark is a line of text that runs up or down."""


def is_on_text_line(page: pypdfium2.PdfPage, place: Rectangle, unit: float = 1.0) -> bool:
    """Whether a place (in PDFium's units, in the visible page) stands on a line of text.

    `unit`: the page's UserUnit. The page's own letters count, and marks of their size: a scan has no others.
    Lines may run upwards, too.
    """
    grazed = min(GRAZED_PT, (place[2] - place[0]) / 10, (place[3] - place[1]) / 10)
    left, bottom, right, top = place
    near = NEAR_PT / unit
    level = (left - near, bottom + grazed, right + near, top - grazed)
    upright = (left + grazed, bottom - near, right - grazed, top + near)
    return _has_letters(page, level, upright) or _has_marks(page, level, upright)


def _has_letters(page: pypdfium2.PdfPage, level: Rectangle, upright: Rectangle) -> bool:
    box = seen_box(page)
    text = page.get_textpage()
    try:
        if _is_text(text.get_text_bounded(*box.to_page(level))):
            return True
        area = box.to_page(upright)
        return _is_text(text.get_text_bounded(*area)) and _has_upright_letters(text, area, box.rotation)
    finally:
        text.close()


def _is_text(found: str) -> bool:
    return any(letter not in _NO_TEXT for letter in found)


def _has_upright_letters(text: pypdfium2.PdfTextPage, area: Rectangle, rotation: int) -> bool:
    """Whether letters in an area of the page, which is turned by `rotation`, follow each other upwards."""
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index)
        if not (left < area[2] and area[0] < right and bottom < area[3] and area[1] < top):
            continue
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        turned = round(pdfium_c.FPDFText_GetCharAngle(text, index) * 2 / 3.14159) * 90 + rotation
        if turned % 180 and _is_text(chr(code)):
            return True
    return False


def _has_marks(page: pypdfium2.PdfPage, level: Rectangle, upright: Rectangle) -> bool:
    width, height = page.get_size()
    wide = (
        max(0.0, level[0]),
        max(0.0, min(upright[1], level[1] - _LETTER_PT_MAX)),
        min(width, level[2]),
        min(height, max(upright[3], level[3] + _LETTER_PT_MAX)),
    )
    if wide[0] >= wide[2] or wide[1] >= wide[3]:
        return False
    letters = _letters_on(page, wide)
    if letters.getbbox() is None:
        return False
    found = regions(letters)
    if found is None:
        return True
    rows, columns = (_in_pixels(area, wide) for area in (level, upright))
    highest = height if _is_scan(page) else _LETTER_PT_MAX
    return any(
        (_meet(region, rows) and _is_text_high(region, highest))
        or (_meet(region, columns) and _runs_up(region))
        for region in found
    )


def _letters_on(page: pypdfium2.PdfPage, area: Rectangle) -> Image.Image:
    """The marks of the page itself in an area, without annotations and lines, and joined level."""
    width, height = page.get_size()
    cut = (area[0], area[1], width - area[2], height - area[3])
    drawn = page.render(
        scale=DOTS_PER_PT, crop=cut, rev_byteorder=True, draw_annots=False, may_draw_forms=False
    ).to_pil()
    image = drawn.convert("RGB")
    letters = letters_of(marks_on(image, ground_of(image)))
    return letters.reduce((_JOINED, 1)).point([0] + [255] * 255)


def _is_scan(page: pypdfium2.PdfPage) -> bool:
    width, height = page.get_size()
    pictures = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=_FORMS_DEEP)
    bounds = (picture.get_bounds() for picture in pictures)
    return any((b[2] - b[0]) * (b[3] - b[1]) >= _SCAN_SHARE * width * height for b in bounds)


def _in_pixels(area: Rectangle, wide: Rectangle) -> Pixels:
    across = DOTS_PER_PT / _JOINED
    return (
        round((area[0] - wide[0]) * across),
        round((wide[3] - area[3]) * DOTS_PER_PT),
        round((area[2] - wide[0]) * across),
        round((wide[3] - area[1]) * DOTS_PER_PT),
    )


def _meet(region: Pixels, area: Pixels) -> bool:
    return region[0] < area[2] and area[0] < region[2] and region[1] < area[3] and area[1] < region[3]


def _size_pt(region: Pixels) -> tuple[float, float]:
    return (region[2] - region[0]) * _JOINED / DOTS_PER_PT, (region[3] - region[1]) / DOTS_PER_PT


def _is_text_high(region: Pixels, highest: float) -> bool:
    _, height = _size_pt(region)
    return _LETTER_PT_MIN <= height <= highest


def _runs_up(region: Pixels) -> bool:
    width, height = _size_pt(region)
    return height >= _UPRIGHT_PT_MIN and height >= _UPRIGHT_RATIO * width and width <= _LETTER_PT_MAX
