"""Where somebody wants a stamp: at coordinates, at a named position, or beside a text of the document."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from meterai.kernel.one_line import ONE_LINE
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.stamping.model import STAMPS_MAX
from meterai.stamping.placement import SIZE_DEFAULT, SIZE_MAX, SIZE_SMALLEST, Position

FIND_PLACES = "meterai.stamping.in_jail.places.wanted:find_places"
_PAGES = DEFAULT_LIMITS.pages_max
_FAR_PT = 1_100_000.0
"""Beyond every page: a page has at most 14,400 units, and a unit at most 75 points."""
_SHIFT_PT = 1_000.0

Page = Annotated[
    int,
    msgspec.Meta(ge=-_PAGES, le=_PAGES, description="Counts from 1. -1 is the last page, -2 the one before."),
]
Size = Annotated[
    float, msgspec.Meta(ge=SIZE_SMALLEST, le=SIZE_MAX, description="Side of the stamp in points.")
]
Coordinate = Annotated[
    float,
    msgspec.Meta(
        ge=-_FAR_PT, le=_FAR_PT, description="Points in the visible page, from its lower left corner."
    ),
]
Shift = Annotated[float, msgspec.Meta(ge=-_SHIFT_PT, le=_SHIFT_PT, description="Points.")]
Keyword = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=ONE_LINE)]
Occurrence = Annotated[
    int, msgspec.Meta(ge=-99, le=99, description="1 is the first place with this text, -1 the last one.")
]


class _Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by"):
    """A place for one stamp."""

    size: Size = SIZE_DEFAULT
    may_cover: bool = False
    """Whether the stamp may cover text, drawings or fields."""


class AtCoordinates(_Wanted, frozen=True, kw_only=True, tag="coordinates"):
    """A square on a page. `x`, `y`: its lower left corner, as people see the page."""

    page: Page
    x: Coordinate
    y: Coordinate


class AtPosition(_Wanted, frozen=True, kw_only=True, tag="position"):
    """One of the nine named positions. On a small page the stamp is made smaller if necessary."""

    position: Position
    page: Page = -1


class AtKeyword(_Wanted, frozen=True, kw_only=True, tag="keyword"):
    """Beside a text of the document, or on it. Case and the width of blanks do not matter.

    The stamp is moved onto the page if it would lie partly outside. On a small page it is made smaller if
    necessary.
    """

    keyword: Keyword
    page: Page | None = None
    """Where it is looked for; null: on all pages."""
    occurrence: Occurrence = -1
    """Which one, in the order in which people read."""
    side: Literal["over", "left", "right", "above", "below"] = "over"
    """Where the stamp lies, seen from the text."""
    dx: Shift = 0.0
    """How far it is moved to the right afterwards."""
    dy: Shift = 0.0
    """How far it is moved up."""


WantedPlace = AtCoordinates | AtPosition | AtKeyword
WantedPlaces = Annotated[list[WantedPlace], msgspec.Meta(min_length=1, max_length=STAMPS_MAX)]


def page_number(wanted: int, pages: int) -> int:
    """The page counted from 1. Out of range if there is none: 0, or more than `pages`."""
    return max(0, pages + 1 + wanted) if wanted < 0 else wanted
