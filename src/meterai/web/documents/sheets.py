"""All pages of a document with its stamps, as the pages "Semua halaman" show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meterai.stamping.placement import Placement
from meterai.stamping.queries import DocumentPage
from meterai.web.placing.placing import page_size


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a document: its size in points, the address of its picture, and the stamps on it."""

    number: int
    width_pt: float
    height_pt: float
    image: str
    spots: list[Placement]


def sheets_of(document: DocumentPage, image: Callable[[int], str]) -> list[Sheet]:
    """Lists all pages. `image`: the address of a page's picture."""
    return [_sheet(document, number, image) for number in range(1, len(document.inspection.pages) + 1)]


def _sheet(document: DocumentPage, number: int, image: Callable[[int], str]) -> Sheet:
    size = page_size(document, number)
    spots = [placement for placement in document.placements if placement.page == number]
    return Sheet(number, size.width_pt, size.height_pt, image(number), spots)
