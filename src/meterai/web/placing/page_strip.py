"""The pages that the placing page offers to choose from, and how large it shows the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meterai.stamping.queries import DocumentPage
from meterai.web.placing.placing import page_size
from meterai.web.requests.forms import position_named

SHOWN_MAX = 24
"""Small pictures at once. Each is drawn in the jail when somebody scrolls to it."""
_FEW = 6
"""Up to this number the small pictures are shown at once. Of more pages nobody's data is used unasked."""
_WIDTH = 56
_HEIGHT_MAX = 112


@dataclass(frozen=True, slots=True)
class SmallPage:
    """A page in the strip: the address and the height of its small picture, and the stamps on it."""

    number: int
    image: str
    height: int
    stamps: int


@dataclass(frozen=True, slots=True)
class PageStrip:
    """Some pages in a row.

    - `earlier`, `later`: the first page of the part before and behind; 0: none.
    - `is_open`: whether they are shown unasked.
    """

    pages: list[SmallPage]
    earlier: int
    later: int
    is_open: bool


def pages_context(
    document: DocumentPage, shown: int, query: Mapping[str, str], image: Callable[[int], str]
) -> dict[str, Any]:
    """The values for place.html about pages. `image`: the address of a page's picture."""
    return {
        "image": image(shown),
        "zoomed": "besar" in query,
        "version": document.input_object,
        "strip": strip_of(document, shown, query.get("dari", ""), image),
    }


def strip_of(document: DocumentPage, shown: int, wanted: str, image: Callable[[int], str]) -> PageStrip:
    """The part of the pages with page `wanted`, else with the page that is shown."""
    pages = len(document.inspection.pages)
    first = (min(position_named(wanted) if wanted else shown, pages) - 1) // SHOWN_MAX * SHOWN_MAX + 1
    behind = first + SHOWN_MAX
    return PageStrip(
        [_small(document, number, shown, image) for number in range(first, min(behind, pages + 1))],
        earlier=max(0, first - SHOWN_MAX),
        later=behind if behind <= pages else 0,
        is_open=bool(wanted) or pages <= _FEW,
    )


def _small(document: DocumentPage, number: int, shown: int, image: Callable[[int], str]) -> SmallPage:
    """The page that is shown needs no second picture."""
    size = page_size(document, number)
    return SmallPage(
        number,
        image(number) + ("" if number == shown else "&ukuran=kecil"),
        min(_HEIGHT_MAX, round(_WIDTH * size.height_pt / size.width_pt)),
        sum(placement.page == number for placement in document.placements),
    )
