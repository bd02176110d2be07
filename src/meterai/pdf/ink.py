"""Says whether a place on a page has ink, a field or a comment. Runs in the jail.

What people look through does not count: ruled and dotted lines, empty brackets, and the word "Meterai" that
marks a place for a stamp. The answer comes from PDFium's drawing, so it holds for scans, too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops, ImageFilter

from meterai.pdf.empty_brackets import without_brackets
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.page_box import PageBox, Rectangle, make_page_box
from meterai.pdf.placeholder_words import has_other_letters, without_placeholders
from meterai.pdf.ruled_lines import without_lines

DOTS_PER_PT = 2
AROUND_PT = 40.0
"""How far around the place a line is followed: a short piece of it looks like a stroke."""
_CONTRAST = 24
"""Difference of a colour value from which a dot is no paper. `page_marks.py` sees the same dots as ink."""
_DARK = 128
"""Grey value below which the ground is no paper: a bar, or a picture."""
_DOTS_MAX = 3
"""Dots that may be left where a line was taken away."""
_DUST_SHARE_MAX = 0.0008
"""Share of a scanned place that may be dust: 25 of its dots, fewer than a digit of 6 points has."""
_EVEN_SHARE_MIN = 0.9
"""Share of the dots that have exactly the colour of the ground, unless the page is a scan."""
_PRINTED_SHARE_MIN = 0.5
"""The same for pages with much text. On others the light of the scanner differs from place to place."""
_PAPER_SHRUNK, _PAPER_REACH = 4, 9
"""Paper is the lightest dot of a square with sides of nine, each the mean of four by four."""
_CONTRAST_ON_PAPER = 40
_SEEN_THROUGH = (pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_WATERMARK)
"""Annotations that are no obstacle by their place alone. What they draw counts as ink."""


def ink_under(source: bytes | pypdfium2.PdfDocument, page: int, box: Rectangle, unit: float = 1.0) -> Ink:
    """What lies in a box of a page, numbered from 1. The box is in points of the visible page.

    `unit`: the page's UserUnit, which PDFium does not know.

    Raises: PdfiumError if PDFium can't read the file or the page.
    """
    with _opened(source) as document:
        sheet = document[page - 1]
        try:
            return ink_on(sheet, box, unit)
        finally:
            sheet.close()


def ink_on(page: pypdfium2.PdfPage, box: Rectangle, unit: float = 1.0) -> Ink:
    """As `ink_under`, for a page that is loaded."""
    place = _in_units(box, unit)
    return _annotations_under(page, place) or drawn_under(page, place)


def cover_on(page: pypdfium2.PdfPage, box: Rectangle, unit: float = 1.0) -> Ink:
    """As `ink_on`, but letters of the text layer count as such, also those that nobody sees."""
    place = _in_units(box, unit)
    return _annotations_under(page, place) or _letters_under(page, place) or drawn_under(page, place)


def is_plain(place: Image.Image) -> bool:
    """Whether a picture with colours is light, and the same all over. Quicker than `shows_nothing`."""
    colours: Any = place.getextrema()[:3]
    return all(low >= _DARK and high - low < _CONTRAST for low, high in colours)


def shows_nothing(image: Image.Image, inside: tuple[int, int, int, int]) -> bool:
    """Whether a picture (RGB) shows paper alone there. Then nothing has to be drawn again to know it."""
    ground = ground_of(image.crop(inside))
    return sum(ground) >= 3 * _DARK and marks_on(image, ground).crop(inside).getbbox() is None


def _in_units(box: Rectangle, unit: float) -> Rectangle:
    return box[0] / unit, box[1] / unit, box[2] / unit, box[3] / unit


def _letters_under(page: pypdfium2.PdfPage, place: Rectangle) -> Ink:
    text = page.get_textpage()
    try:
        return Ink.TEXT if has_other_letters(text, seen_box(page).to_page(place)) else Ink.NOTHING
    finally:
        text.close()


@contextmanager
def _opened(source: bytes | pypdfium2.PdfDocument) -> Iterator[pypdfium2.PdfDocument]:
    if isinstance(source, pypdfium2.PdfDocument):
        yield source
        return
    with opened(source) as document:
        yield document


def seen_box(page: pypdfium2.PdfPage) -> PageBox:
    """The visible box of a page as PDFium shows it, in its units."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    found = make_page_box(media, crop, rotation=page.get_rotation(), user_unit=1.0)
    return found or PageBox(x0=media[0], y0=media[1], x1=media[2], y1=media[3], rotation=0)


def places_of_annotations(page: pypdfium2.PdfPage) -> Iterator[tuple[Ink, Rectangle]]:
    """Fields and comments with their places as people see them, in units of the page."""
    box = seen_box(page)
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        annotation: Any = pdfium_c.FPDFPage_GetAnnot(page, number)
        if annotation:
            kind, place = pdfium_c.FPDFAnnot_GetSubtype(annotation), pdfium_c.FS_RECTF()
            placed = pdfium_c.FPDFAnnot_GetRect(annotation, ctypes.byref(place))
            pdfium_c.FPDFPage_CloseAnnot(annotation)
            if placed and kind not in _SEEN_THROUGH:
                left, right = sorted((place.left, place.right))
                bottom, top = sorted((place.bottom, place.top))
                is_field = kind == pdfium_c.FPDF_ANNOT_WIDGET
                yield Ink.FIELD if is_field else Ink.COMMENT, box.to_visible((left, bottom, right, top))


def _annotations_under(page: pypdfium2.PdfPage, place: Rectangle) -> Ink:
    found = {kind for kind, other in places_of_annotations(page) if _meet(other, place)}
    return next((kind for kind in (Ink.FIELD, Ink.COMMENT) if kind in found), Ink.NOTHING)


def _meet(one: Rectangle, other: Rectangle) -> bool:
    """Whether two places share some of the page. What has no size shows nothing."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0 and up > 0


def drawn_under(page: pypdfium2.PdfPage, place: Rectangle) -> Ink:
    """What is drawn in a place of a page, in PDFium's units, whoever drew it."""
    width, height = page.get_size()
    wide = (
        max(0.0, place[0] - AROUND_PT),
        max(0.0, place[1] - AROUND_PT),
        min(width, place[2] + AROUND_PT),
        min(height, place[3] + AROUND_PT),
    )
    if wide[0] >= wide[2] or wide[1] >= wide[3]:
        return Ink.NOTHING
    with without_placeholders(page, seen_box(page).to_page(wide)):
        image = _draw(page, wide)
    inside = (
        max(0, round((place[0] - wide[0]) * DOTS_PER_PT)),
        max(0, round((wide[3] - place[3]) * DOTS_PER_PT)),
        min(image.width, round((place[2] - wide[0]) * DOTS_PER_PT)),
        min(image.height, round((wide[3] - place[1]) * DOTS_PER_PT)),
    )
    return (
        Ink.DRAWN
        if inside[0] < inside[2] and inside[1] < inside[3] and _has_ink(image, inside)
        else Ink.NOTHING
    )


def _draw(page: pypdfium2.PdfPage, part: Rectangle) -> Image.Image:
    width, height = page.get_size()
    cut = (part[0], part[1], width - part[2], height - part[3])
    image: Image.Image = page.render(scale=DOTS_PER_PT, crop=cut, rev_byteorder=True).to_pil()
    return image.convert("RGB")


def _has_ink(image: Image.Image, inside: tuple[int, int, int, int]) -> bool:
    """Whether dots of another colour than the ground are left inside, once lines are taken away."""
    ground = ground_of(image.crop(inside))
    if sum(ground) < 3 * _DARK:
        return True
    marks = marks_on(image, ground)
    if marks.crop(inside).getbbox() is None:
        return False
    left = letters_of(marks).crop(inside)
    dust = (
        0
        if _is_even(image.crop(inside), ground, _EVEN_SHARE_MIN)
        else _DUST_SHARE_MAX * left.width * left.height
    )
    return bool(left.histogram()[255] > max(_DOTS_MAX, dust))


def letters_of(marks: Image.Image) -> Image.Image:
    """The marks without lines, and without brackets around lines or around nothing."""
    left = without_lines(marks, DOTS_PER_PT)
    lines = ImageChops.subtract(marks, left)
    outside = without_brackets(marks, lines, DOTS_PER_PT)  # before a line is taken out of a bracket, too
    return ImageChops.darker(without_brackets(left, lines, DOTS_PER_PT), outside)


def _is_even(place: Image.Image, ground: tuple[int, int, int], share: float) -> bool:
    """Whether so large a share of the ground has one colour, as on pages that are no scans."""
    counts = place.histogram()
    same = [counts[256 * channel + value] for channel, value in enumerate(ground)]
    return min(same) >= share * place.width * place.height


def ground_of(place: Image.Image) -> tuple[int, int, int]:
    """The most frequent colour of each channel: paper, where there is any."""
    counts = place.histogram()
    red, green, blue = (counts[start : start + 256] for start in (0, 256, 512))
    return tuple(channel.index(max(channel)) for channel in (red, green, blue))  # type: ignore[return-value]


def marks_on(image: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    """255 where a dot differs from the ground, or on a scan from the paper around it; else 0."""
    if not _is_even(image, ground, _PRINTED_SHARE_MIN):
        return _marks_on_paper(image)
    apart = ImageChops.difference(image, Image.new("RGB", image.size, ground))
    red, green, blue = apart.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return most.point([255 if value >= _CONTRAST else 0 for value in range(256)])


def _marks_on_paper(image: Image.Image) -> Image.Image:
    """255 where a dot is darker than the paper around it, in any colour; else 0."""
    red, green, blue = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    lightest = darkest.reduce(_PAPER_SHRUNK).filter(ImageFilter.MaxFilter(_PAPER_REACH))
    paper = lightest.filter(ImageFilter.GaussianBlur(_PAPER_SHRUNK)).resize(image.size)
    apart = ImageChops.subtract(paper, darkest)
    return apart.point([255 if value >= _CONTRAST_ON_PAPER else 0 for value in range(256)])
