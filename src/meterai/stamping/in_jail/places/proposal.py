"""Proposes places for stamps: near where people sign, where the page is empty. Runs in the jail.

- Words say where people sign (`signing_words.py`), on the last page that has such words.
- Without them it is the last ink of the last page that has any (`last_ink.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import pypdfium2
from PIL import Image

from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.rendering import encode_picture, page_of, picture_of, with_document, without_colour
from meterai.pdf.requests import PageSize, RenderedPage, RenderRequest
from meterai.stamping.in_jail.places.aims import Aim
from meterai.stamping.in_jail.places.covering import unit_of
from meterai.stamping.in_jail.places.sheet import Sheet
from meterai.stamping.in_jail.places.signing_words import find_signing_place
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PAGE_IMAGE_WIDTH_PX, ProposeRequest

_PAGES_MAX = 4
"""Pages whose words are read, from the last one back."""
_READING_S = 0.5
"""CPU time after which no other page is read: pages that are hard to draw are hard to read, too."""


class SigningPage(NamedTuple):
    """A page on which people may sign."""

    number: int
    """Counted from 1."""
    page: pypdfium2.PdfPage
    size: PageSize
    aim: Aim | None
    """Where people sign; None: no word says so."""


def propose_placement(request: ProposeRequest) -> Placement:
    """Proposes a place on a page.

    It says what the place covers.

    Raises: Refusal as `render_page`.
    """
    size = PageSize(width_pt=request.width_pt, height_pt=request.height_pt, rotation=0)

    def look(document: pypdfium2.PdfDocument) -> Placement:
        page = _read(page_of(document, request.page), request.page, size)
        return sheet_of(page, draw(page.page)).propose(request)

    return with_document(request.data, request.password, look)


def signing_pages(document: pypdfium2.PdfDocument, sizes: Sequence[PageSize]) -> list[SigningPage]:
    """The last page with words that say where people sign. Without such words: pages from the last one back.

    Pages that are too small for a stamp are left out.
    """
    found: list[SigningPage] = []
    started = time.process_time()
    for number, size in reversed(list(enumerate(sizes, 1))):
        if not DEFAULT_LIMITS.is_large_enough(size.width_pt, size.height_pt):
            continue
        found.append(_read(page_of(document, number), number, size))
        if found[-1].aim is not None:
            return found[-1:]
        if len(found) == _PAGES_MAX or time.process_time() - started > _READING_S:
            break
    return found


class DrawnPage(NamedTuple):
    """The picture of a page on which people place stamps."""

    picture: Image.Image
    """As PDFium drew it (RGBX)."""
    grey: Image.Image
    has_colour: bool

    def encoded(self) -> RenderedPage:
        """The picture for people."""
        shown = self.picture.convert("RGB") if self.has_colour else self.grey
        return encode_picture(shown, RenderRequest(data=b"", page=1).quality)


def draw(page: pypdfium2.PdfPage) -> DrawnPage:
    """Draws a page as people see it when they place a stamp."""
    picture = picture_of(page, RenderRequest(data=b"", page=1, width_px=PAGE_IMAGE_WIDTH_PX))
    plain = without_colour(picture)
    return DrawnPage(picture, picture.convert("L") if plain is None else plain, plain is None)


def sheet_of(page: SigningPage, drawn: DrawnPage) -> Sheet:
    """The page with its picture, to look for places."""
    return Sheet(page.page, drawn.picture, drawn.grey, width_pt=page.size.width_pt, aim=page.aim)


def _read(page: pypdfium2.PdfPage, number: int, size: PageSize) -> SigningPage:
    return SigningPage(number, page, size, find_signing_place(page, unit_of(page, size.width_pt)))
