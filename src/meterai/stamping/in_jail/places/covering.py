"""Says what stamps would cover. Runs in the jail.

`pdf/ink.py` says what counts. On a signed file that is what people see; on others letters that nobody sees
count, too.
"""

from __future__ import annotations

import msgspec
import pypdfium2
from PIL import Image

from meterai.pdf.ink import cover_on, ink_on, is_plain, shows_nothing
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.opening.structure import refuse
from meterai.pdf.own_page import own_page
from meterai.pdf.rendering import user_unit
from meterai.stamping.in_jail.places.dots import counted_from, within
from meterai.stamping.placement import Placement
from meterai.stamping.requests import PlacesRequest, PlacesSeen

_SHARP_DOTS_PER_PT = 0.6
"""Dots a point from which small letters are seen in the picture of a page."""
_AROUND_DOTS = 40
"""How far around the place the paper is looked at."""


def warm_up() -> None:
    """Looks at a page of our own, so that a jail process need not import and compute what that needs."""
    look_under(PlacesRequest(data=own_page(), placements=[Placement(page=1, x=100, y=100)]))


def look_under(request: PlacesRequest) -> PlacesSeen:
    """Looks what lies under each of these places.

    Raises: Refusal INVALID `pdf.broken` (`pdf.signed_irregular` if it is signed) if PDFium can't read it.
    """
    units = {page: user_unit(request.data, page) for page in {place.page for place in request.placements}}
    try:
        with opened(request.data) as document:
            seen = [
                covering(place, _ink_under(document, place, unit=units[place.page], signed=request.signed))
                for place in request.placements
            ]
    except (pypdfium2.PdfiumError, IndexError):
        raise refuse("pdf.signed_irregular" if request.signed else "pdf.broken") from None
    return PlacesSeen(placements=seen)


def seen_on(page: pypdfium2.PdfPage, picture: Image.Image, place: Placement, *, width_pt: float) -> Placement:
    """The place with what it covers on a page of a file without signatures.

    - `picture`: the page, drawn already. Only a place where it shows something is drawn again.
    - `width_pt`: the width of the page.
    """
    if _is_blank(picture, width_pt, place):
        return covering(place, Ink.NOTHING)
    try:
        return covering(place, cover_on(page, place.rectangle, unit_of(page, width_pt)))
    except pypdfium2.PdfiumError:  # nobody knows, so a person shall look
        return covering(place, Ink.DRAWN)


def unit_of(page: pypdfium2.PdfPage, width_pt: float) -> float:
    """The page's UserUnit, which PDFium does not know."""
    return width_pt / max(float(page.get_size()[0]), 0.01)


def covering(placement: Placement, ink: Ink) -> Placement:
    """The placement with what lies under it."""
    return msgspec.structs.replace(placement, covers=ink)


def _ink_under(document: pypdfium2.PdfDocument, place: Placement, *, unit: float, signed: bool) -> Ink:
    page = document[place.page - 1]
    try:
        look = ink_on if signed else cover_on
        return look(page, place.rectangle, unit)
    finally:
        page.close()


def _is_blank(picture: Image.Image, width_pt: float, place: Placement) -> bool:
    """Whether the picture shows paper alone there, and is sharp enough to tell."""
    scale = picture.width / width_pt
    if scale < _SHARP_DOTS_PER_PT:
        return False
    x0, y0, x1, y1 = (round(edge * scale) for edge in place.rectangle)
    spot = within((x0, picture.height - y1, x1, picture.height - y0), picture, around=1)
    if is_plain(picture.crop(spot)):
        return True
    around = within(spot, picture, around=_AROUND_DOTS)
    return shows_nothing(picture.crop(around).convert("RGB"), counted_from(around[:2], spot))
