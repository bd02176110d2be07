"""Turns wanted places of stamps into places on pages, and says what each covers. Runs in the jail."""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.ink import cover_on, ink_on
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.page_box import Rectangle
from meterai.pdf.rendering import page_of, with_document
from meterai.pdf.requests import PageSize
from meterai.stamping.in_jail.places.aims import BESIDE_PT
from meterai.stamping.in_jail.places.covering import covering, unit_of
from meterai.stamping.in_jail.places.keywords import find_keyword
from meterai.stamping.placement import Placement, check_placement, fitting_size, named_placement
from meterai.stamping.requests import PlacesSeen, WantedRequest
from meterai.stamping.wanted_places import AtCoordinates, AtKeyword, AtPosition, WantedPlace, page_number


def find_places(request: WantedRequest) -> PlacesSeen:
    """Finds the wanted places on a stored file.

    Raises: Refusal INVALID `placement.keyword_missing`, `placement.page`, `placement.size`,
    `placement.outside`, and as `with_document`.
    """

    def find(document: pypdfium2.PdfDocument) -> list[Placement]:
        return places_on(document, request.sizes, request.wanted, signed=request.signed)

    return PlacesSeen(placements=with_document(request.data, "", find))


def places_on(
    document: pypdfium2.PdfDocument,
    sizes: Sequence[PageSize],
    wanted: Sequence[WantedPlace],
    *,
    signed: bool,
) -> list[Placement]:
    """Finds the wanted places on an open document.

    Raises: as `find_places`.
    """
    places = [_place(document, sizes, one, number) for number, one in enumerate(wanted, 1)]
    return [_looked_at(document, sizes[place.page - 1], place, signed=signed) for place in places]


def _place(
    document: pypdfium2.PdfDocument, sizes: Sequence[PageSize], wanted: WantedPlace, number: int
) -> Placement:
    """The place, checked. `number`: which of the wanted ones it is, for the refusal."""
    if isinstance(wanted, AtKeyword):
        place = _at_keyword(document, sizes, wanted, number)
    else:
        place = _at(wanted, page_number(wanted.page, len(sizes)), sizes)
    size = sizes[place.page - 1]
    check_placement(place, pages=len(sizes), width_pt=size.width_pt, height_pt=size.height_pt)
    return place


def _at(wanted: AtCoordinates | AtPosition, page: int, sizes: Sequence[PageSize]) -> Placement:
    if not 1 <= page <= len(sizes):
        raise Refusal(Kind.INVALID, "placement.page", page=wanted.page, pages=len(sizes))
    if isinstance(wanted, AtCoordinates):
        x, y = round(wanted.x, 2), round(wanted.y, 2)
        return Placement(page=page, x=x, y=y, size=wanted.size, may_cover=wanted.may_cover)
    width_pt, height_pt = sizes[page - 1].width_pt, sizes[page - 1].height_pt
    size = fitting_size(width_pt, height_pt, wanted=wanted.size)
    named = named_placement(wanted.position, page=page, width_pt=width_pt, height_pt=height_pt, size=size)
    return Placement(page=page, x=named.x, y=named.y, size=size, may_cover=wanted.may_cover)


def _at_keyword(
    document: pypdfium2.PdfDocument, sizes: Sequence[PageSize], wanted: AtKeyword, number: int
) -> Placement:
    words, count = find_keyword(document, sizes, wanted)
    if words is None:
        raise Refusal(Kind.INVALID, "placement.keyword_missing", placement=number, found=count)
    page = sizes[words.page - 1]
    size = fitting_size(page.width_pt, page.height_pt, wanted=wanted.size)
    x, y = _corner(words.box, size, wanted.side)
    return Placement(
        page=words.page,
        x=_inside(x + wanted.dx, page.width_pt, size),
        y=_inside(y + wanted.dy, page.height_pt, size),
        size=size,
        may_cover=wanted.may_cover,
    )


def _corner(box: Rectangle, size: float, side: str) -> tuple[float, float]:
    """The lower left corner of a stamp on this side of a text, or in its middle."""
    left, bottom, right, top = box
    across, up = (left + right - size) / 2, (bottom + top - size) / 2
    corners = {
        "left": (left - BESIDE_PT - size, up),
        "right": (right + BESIDE_PT, up),
        "above": (across, top + BESIDE_PT),
        "below": (across, bottom - BESIDE_PT - size),
    }
    return corners.get(side, (across, up))


def _inside(corner: float, length: float, size: float) -> float:
    return round(min(max(corner, 0.0), max(0.0, length - size)), 2)


def _looked_at(
    document: pypdfium2.PdfDocument, size: PageSize, place: Placement, *, signed: bool
) -> Placement:
    page, look = page_of(document, place.page), ink_on if signed else cover_on
    try:
        return covering(place, look(page, place.rectangle, unit_of(page, size.width_pt)))
    except pypdfium2.PdfiumError:  # nobody knows, so a person shall look
        return covering(place, Ink.DRAWN)
