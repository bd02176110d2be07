"""The placing page's data, and the placement that a form asks for: shared by orders and by quota."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meterai.kernel.errors import Kind, Refusal
from meterai.stamping.placement import Placement, Position, named_placement
from meterai.stamping.queries import DocumentPage
from meterai.web.forms import Form

IMAGE_WIDTH_PX = 720
POSITIONS: dict[str, Position] = {
    "atas_kiri": "top-left",
    "atas_tengah": "top",
    "atas_kanan": "top-right",
    "tengah_kiri": "left",
    "tengah": "middle",
    "tengah_kanan": "right",
    "bawah_kiri": "bottom-left",
    "bawah_tengah": "bottom",
    "bawah_kanan": "bottom-right",
}
UNSET: Position = "bottom-right"


@dataclass(frozen=True, slots=True)
class PageSize:
    """The visible page in points."""

    width_pt: float
    height_pt: float


def placing_context(document: DocumentPage, wanted_page: int) -> dict[str, Any]:
    """What place.html shows of a document: the wanted page (else the proposed one) and the stamp on it."""
    proposed = document.placements[0]
    pages = len(document.inspection.pages)
    shown = wanted_page if 1 <= wanted_page <= pages else proposed.page
    here = proposed.page == shown
    size = page_size(document, shown)
    spot = proposed if here else _named(document, shown, UNSET)
    return {
        "name": document.name,
        "notices": document.inspection.notices,
        "page": size,
        "pages": pages,
        "shown": shown,
        "spot": spot,
        "spot_here": here,
        "others": [other for other in document.placements[1:] if other.page == shown],
    }


def placement_from(form: Form, document: DocumentPage) -> list[Placement]:
    """The placements that the form asks for: moved by hand, or named, or as proposed.

    Raises: Refusal `placement.page` for a page that the document does not have.
    """
    proposed = document.placements[0]
    page = form.number("halaman", proposed.page)
    if not 1 <= page <= len(document.inspection.pages):
        raise Refusal(Kind.INVALID, "placement.page", page=page, pages=len(document.inspection.pages))
    by_hand = _points(form.text("x"), form.text("y"))
    if by_hand is not None:
        moved = Placement(page=page, x=by_hand[0], y=by_hand[1], size=proposed.size)
        first = proposed if _same(moved, proposed) else moved
    elif form.text("letak") in POSITIONS:
        first = _named(document, page, POSITIONS[form.text("letak")])
    elif page == proposed.page:
        first = proposed
    else:
        first = _named(document, page, UNSET)
    return [first, *document.placements[1:]]


def page_size(document: DocumentPage, page: int) -> PageSize:
    """The size of a page as one sees it."""
    seen = document.inspection.pages[page - 1]
    return PageSize(seen.width_pt, seen.height_pt)


def _named(document: DocumentPage, page: int, position: Position) -> Placement:
    size = page_size(document, page)
    return named_placement(
        position,
        page=page,
        width_pt=size.width_pt,
        height_pt=size.height_pt,
        size=document.placements[0].size,
    )


def _same(moved: Placement, proposed: Placement) -> bool:
    """Whether it is where it was: coordinates travel through forms with two decimals."""
    near = abs(moved.x - proposed.x) < 0.02 and abs(moved.y - proposed.y) < 0.02
    return moved.page == proposed.page and near


def _points(x: str, y: str) -> tuple[float, float] | None:
    """Both numbers, or None when a script did not fill them in."""
    try:
        values: Sequence[float] = [float(x), float(y)]
    except ValueError:
        return None
    return (values[0], values[1]) if all(-1e5 < value < 1e5 for value in values) else None
