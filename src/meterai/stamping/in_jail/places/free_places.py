"""Finds free places for stamps on a signed file, and refuses others. Runs in the jail.

What people signed must stay visible, so nothing may be covered. `pdf/ink.py` says what counts as free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import msgspec
import pypdfium2
from PIL import Image

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.ink import ink_on, seen_box
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.inspection import describe_page
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.opening.structure import WalkedPage, open_document, refuse
from meterai.pdf.placeholder_words import without_placeholders
from meterai.stamping.in_jail.places.aims import Aim, usual_aim
from meterai.stamping.in_jail.places.choosing import choose_place, empty_places, ranked_places
from meterai.stamping.in_jail.places.covering import covering
from meterai.stamping.in_jail.places.last_ink import find_last_ink
from meterai.stamping.in_jail.places.page_marks import PageMarks, marks_of
from meterai.stamping.in_jail.places.proposal import signing_pages
from meterai.stamping.in_jail.places.signing_words import find_signing_place
from meterai.stamping.placement import SIZE_DEFAULT, SIZE_MIN, Placement
from meterai.stamping.requests import ProposeRequest

_WIDTH_PX = 150
_TRIED_MAX = 24
"""Places tried on one page, the most promising first."""
_EDGE = 6.0
"""The margin (points) of a small stamp on a page that has no other place."""
_PAGES_MAX = 20
"""Pages tried, from the last one back."""


def refuse_covering(data: bytes, pages: Sequence[WalkedPage], placements: Sequence[Placement]) -> None:
    """Checks places on a signed file whose pages are known.

    Raises: Refusal INVALID `placement.covers` with `page`; `pdf.signed_irregular` if PDFium can't read it.
    """
    with _opened(data) as document:
        for placement in placements:
            with _loaded(document, placement.page) as page:
                unit = pages[placement.page - 1].box.user_unit
                if ink_on(page, placement.rectangle, unit):
                    raise Refusal(Kind.INVALID, "placement.covers", page=placement.page)


def propose_free_place(request: ProposeRequest) -> Placement:
    """Proposes the best free place on a page of a signed file; a smaller one if no other is free.

    Raises: Refusal INVALID `placement.no_free_place`, `pdf.signed_irregular`, and as `open_document`.
    """
    pages = open_document(request.data, DEFAULT_LIMITS).pages
    with _opened(request.data) as document, _loaded(document, request.page) as page:
        found = _free_on(page, request, pages[request.page - 1].box.user_unit, count=1)
    if not found:
        raise refuse("placement.no_free_place")
    return found[0]


def find_free_places(data: bytes, pages: Sequence[WalkedPage], count: int) -> list[Placement]:
    """Free places for all stamps: where people sign, else on the last pages that have room for one.

    Raises: Refusal INVALID `placement.no_free_place`; `pdf.signed_irregular` if PDFium can't read it.
    """
    found: list[Placement] = []
    with _opened(data) as document:
        for number in _pages_to_try(document, pages):
            if len(found) == count:
                break
            box = pages[number - 1].box
            wanted = ProposeRequest(
                data=b"", page=number, width_pt=box.width_pt, height_pt=box.height_pt, taken=found
            )
            with _loaded(document, number) as page:
                found = [*found, *_free_on(page, wanted, box.user_unit, count=count - len(found))]
    if len(found) < count:
        raise refuse("placement.no_free_place")
    return found


def _pages_to_try(document: pypdfium2.PdfDocument, pages: Sequence[WalkedPage]) -> list[int]:
    """The page where people sign, if words say so, and then pages from the last one back."""
    try:
        signing = signing_pages(document, [describe_page(page.box) for page in pages])
    except pypdfium2.PdfiumError:
        raise refuse("pdf.signed_irregular") from None
    first = [page.number for page in signing[:1] if page.aim is not None]
    others = range(len(pages), max(0, len(pages) - _PAGES_MAX), -1)
    boxes = {number: pages[number - 1].box for number in others}
    large = [n for n, box in boxes.items() if DEFAULT_LIMITS.is_large_enough(box.width_pt, box.height_pt)]
    return list(dict.fromkeys([*first, *large]))


def _free_on(page: pypdfium2.PdfPage, request: ProposeRequest, unit: float, *, count: int) -> list[Placement]:
    """Free places on a page, at most `count`. They cover no stamp that the request names."""
    marks = PageMarks(marks_of(_obstacles(page)), _WIDTH_PX / request.width_pt, height_pt=request.height_pt)
    marks.blacken_fields(page, unit)
    aim = find_signing_place(page, unit) or find_last_ink(marks)
    aim = aim or usual_aim(request.width_pt, request.height_pt)
    found: list[Placement] = []
    while len(found) < count:
        wanted = msgspec.structs.replace(request, taken=[*request.taken, *found])
        tried = _places_to_try(marks, wanted, aim)
        place = next((place for place in tried if not ink_on(page, place.rectangle, unit)), None)
        if place is None:
            break
        found.append(covering(place, Ink.NOTHING))
    return found


def _places_to_try(marks: PageMarks, request: ProposeRequest, aim: Aim) -> Iterator[Placement]:
    """The proposed place, then others of the wanted size, smaller ones, and small ones near the edge."""
    yield choose_place(marks, request, aim)[0]
    for size in dict.fromkeys((request.size, min(request.size, SIZE_DEFAULT), SIZE_MIN)):
        yield from ranked_places(marks, _with_size(request, size), aim)[:_TRIED_MAX]
    yield from empty_places(marks, _with_size(request, SIZE_MIN), aim, margin=_EDGE)[:_TRIED_MAX]


def _obstacles(page: pypdfium2.PdfPage) -> Image.Image:
    """The page as a small picture without words that wait for a stamp."""
    width, height = page.get_size()
    scale = _WIDTH_PX / max(width, 1.0)
    with without_placeholders(page, seen_box(page).to_page((0, 0, width, height))):
        picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    return picture


def _with_size(request: ProposeRequest, size: float) -> ProposeRequest:
    return msgspec.structs.replace(request, size=size)


@contextmanager
def _opened(data: bytes) -> Iterator[pypdfium2.PdfDocument]:
    with ExitStack() as stack:
        try:
            document = stack.enter_context(opened(data))
        except pypdfium2.PdfiumError:
            raise refuse("pdf.signed_irregular") from None
        yield document


@contextmanager
def _loaded(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        page = document[number - 1]
    except (pypdfium2.PdfiumError, IndexError):
        raise refuse("pdf.signed_irregular") from None
    try:
        yield page
    finally:
        page.close()
