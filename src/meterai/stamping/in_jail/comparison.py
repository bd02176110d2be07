"""Compares an upload, page by page, with its normalised file: both must look and read alike.

Runs in the jail. qpdf reads the upload and writes the normalised file. PDFium draws both. So a file that two
programs read in two ways shows up here (docs/hostile-files.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.opening.structure import refuse
from meterai.pdf.page_box import PageBox, Rectangle
from meterai.stamping.requests import PageDifference

_DPI = 100
_DOTS_MAX = 8_000_000
"""Larger pages are drawn with fewer dots: A1 at 100 dpi has 7.7 million."""
_SEEN = 32
"""Mean grey levels of nine dots from which a flattened box looks different."""
_ROUNDED = 4
"""Grey levels by which a dot may differ on a page with flattened boxes: places are rounded when written."""
_AIR_PX = 2


class Redrawn(NamedTuple):
    """A page whose fields or comments became part of it, and where they were, in the page's coordinates."""

    page: PageBox
    boxes: list[Rectangle]
    frames: list[Rectangle]
    """Buttons without an appearance. PDFium alone draws a thin grey frame in their place."""


class Lost(Exception):
    """The normalised file shows less than the upload, and nothing else than that."""


def compare(
    upload: bytes, password: str, normal: bytes, redrawn: Mapping[int, Redrawn], only: Collection[int] | None
) -> list[PageDifference]:
    """Returns the pages that differ in redrawn boxes only. `only`: the pages to look at; None: all of them.

    A file or page that PDFium can't show can't be compared, and is not.

    Raises: Lost; Refusal INVALID `pdf.ambiguous` with `page`.
    """
    with suppress(pypdfium2.PdfiumError), opened(upload, password) as before, opened(normal) as after:
        return _compare(before, after, redrawn, only)
    return []


def _compare(
    before: pypdfium2.PdfDocument,
    after: pypdfium2.PdfDocument,
    redrawn: Mapping[int, Redrawn],
    only: Collection[int] | None,
) -> list[PageDifference]:
    found, lost = [], 0
    pages = min(len(before), DEFAULT_LIMITS.pages_max)  # PDFium believes any number
    if only is None and sum(_load(before, number) is not None for number in range(1, pages + 1)) > len(after):
        raise Lost
    for number in range(1, max(pages, len(after)) + 1):
        if only is not None and number not in only:
            continue
        one, other = _load(before, number), _load(after, number)
        if one is None:
            if number > len(before):
                raise refuse("pdf.ambiguous", page=number)
            continue
        try:
            boxes = _compare_page(one, other, redrawn.get(number))
        except _Less:
            lost = lost or number
            continue
        except _Other:
            raise refuse("pdf.ambiguous", page=number) from None
        if boxes:
            found.append(PageDifference(page=number, boxes=boxes))
    if lost:
        raise Lost
    return found


class _Other(Exception):
    """The page looks or reads different."""


class _Less(Exception):
    """The page has lost ink or text, and gained none."""


def _load(document: pypdfium2.PdfDocument, number: int) -> pypdfium2.PdfPage | None:
    try:
        page = document[number - 1]
        if min(page.get_size()) <= 0:  # a crop box outside the page, which normalising removes
            page.set_cropbox(*page.get_mediabox())
        return page if min(page.get_size()) > 0 else None
    except (pypdfium2.PdfiumError, IndexError):
        return None


def _compare_page(
    before: pypdfium2.PdfPage, after: pypdfium2.PdfPage | None, redrawn: Redrawn | None
) -> list[Rectangle]:
    """Where the pages differ, in points of the visible page. Raises: _Less, _Other."""
    if after is None:
        raise _Less
    if any(abs(one - other) > 0.5 for one, other in zip(before.get_size(), after.get_size(), strict=True)):
        raise _Other
    boxes = redrawn.boxes if redrawn else []
    texts = [_text(page, boxes) for page in (before, after)]
    reads_alike = texts[1].startswith(texts[0]) if redrawn else texts[1] == texts[0]
    look = _look(before, after, redrawn, as_for_lcd=redrawn is not None)
    if redrawn and (look.differ or look.elsewhere):  # letters under a highlight are smoothed in the other way
        again = _look(before, after, redrawn, as_for_lcd=False)
        both = [box for box in look.differ if box in again.differ]
        look = again._replace(differ=both, elsewhere=look.elsewhere and again.elsewhere)
    if reads_alike and not look.elsewhere:
        return look.differ
    reads_more = not reads_alike and len(texts[1]) >= len(texts[0])
    raise _Other if look.gained or reads_more else _Less


class _Look(NamedTuple):
    """What two pictures of a page show."""

    differ: list[Rectangle]
    """Boxes that look different, in points of the visible page."""
    elsewhere: bool
    """Whether there is a difference outside of all boxes."""
    gained: bool
    """Whether there is more ink than before."""


def _look(
    before: pypdfium2.PdfPage, after: pypdfium2.PdfPage, redrawn: Redrawn | None, *, as_for_lcd: bool
) -> _Look:
    """Draws both pages. `as_for_lcd`: how PDFium always smooths the letters in fields."""
    pictures = [_draw(page, as_for_lcd=as_for_lcd) for page in (before, after)]
    if pictures[0].tobytes() == pictures[1].tobytes():
        return _Look([], elsewhere=False, gained=False)
    difference = _difference(pictures)
    differ = _seen_in(difference, redrawn) if redrawn else []
    largest: Any = difference.getextrema()
    gained = ImageChops.subtract(pictures[0].convert("L"), pictures[1].convert("L")).getbbox()
    return _Look(differ, largest[1] > (_ROUNDED if redrawn else 0), gained is not None)


def _draw(page: pypdfium2.PdfPage, *, as_for_lcd: bool) -> Image.Image:
    width, height = page.get_size()
    scale = min(_DPI / 72, (_DOTS_MAX / (width * height)) ** 0.5)
    mode = "lcd" if as_for_lcd else None
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True, optimize_mode=mode)
    size = (bitmap.width, bitmap.height)
    return Image.frombuffer("RGBX", size, bitmap.buffer, "raw", "RGBX", bitmap.stride, 1)


def _difference(pictures: Sequence[Image.Image]) -> Image.Image:
    """The largest difference of each dot's colours."""
    red, green, blue = ImageChops.difference(*(picture.convert("RGB") for picture in pictures)).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _seen_in(difference: Image.Image, redrawn: Redrawn) -> list[Rectangle]:
    """The boxes that look different. Wipes all of them out of `difference`."""
    pen = ImageDraw.Draw(difference)
    for frame in redrawn.frames:
        pen.rectangle(_area(difference, redrawn.page, frame), outline=0, width=2 * _AIR_PX + 1)
    areas = [_area(difference, redrawn.page, box) for box in redrawn.boxes]
    found = [
        redrawn.page.to_visible(box)
        for box, area in zip(redrawn.boxes, areas, strict=True)
        if _looks_different(difference.crop(area))
    ]
    for area in areas:
        pen.rectangle(area, fill=0)
    return found


def _area(picture: Image.Image, page: PageBox, box: Rectangle) -> tuple[int, int, int, int]:
    """The dots of a box and some air, as far as they are on the page."""
    width, height = picture.size
    across, along = width / page.width_pt, height / page.height_pt
    left, bottom, right, top = page.to_visible(box)
    corners = (left * across, height - top * along, right * across, height - bottom * along)
    x0, y0, x1, y1 = (
        min(max(int(corner) + air, 0), side)
        for corner, air, side in zip(
            corners, (-_AIR_PX, -_AIR_PX, _AIR_PX + 1, _AIR_PX + 1), (width, height) * 2, strict=True
        )
    )
    return x0, y0, x1, y1


def _looks_different(difference: Image.Image) -> bool:
    """Whether a difference can be seen. An edge that moved by a part of a dot can't."""
    if 0 in difference.size:  # a box beside the page
        return False
    smooth: Any = difference.filter(ImageFilter.BoxBlur(1)).getextrema()
    return bool(smooth[1] >= _SEEN)


def _text(page: pypdfium2.PdfPage, boxes: Sequence[Rectangle]) -> str:
    """The page's text. If there are boxes: without blanks and without the letters in them.

    What a field holds beyond its box can't be seen, but is read at the end of the page it becomes part of.
    """
    read = page.get_textpage()
    try:
        if not boxes:
            return str(read.get_text_range())
        letters = (_letter(read, number, boxes) for number in range(read.count_chars()))
        return "".join(letters)
    finally:
        read.close()


def _letter(read: Any, number: int, boxes: Sequence[Rectangle]) -> str:
    letter = chr(pdfium_c.FPDFText_GetUnicode(read, number))
    if letter.isspace() or letter == "\0":
        return ""
    left, bottom, right, top = read.get_charbox(number)
    across, up = (left + right) / 2, (bottom + top) / 2
    inside = any(x0 <= across <= x1 and y0 <= up <= y1 for x0, y0, x1, y1 in boxes)
    return "" if inside else letter
