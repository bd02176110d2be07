"""Where a stamp lies on the page, in what a person sees: points in the visible page, origin lower left."""

from __future__ import annotations

from typing import Literal

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.limits import DEFAULT_LIMITS

SIZE_MIN, SIZE_DEFAULT, SIZE_MAX = 54.0, 90.0, 110.0
SIZE_SMALLEST = DEFAULT_LIMITS.page_points_min
"""On a page without room for `SIZE_MIN`, such as a label. Its 2-D code still reads at 300 dpi."""
MARGIN = 28.0
"""Kept from the page's edge by proposed and named positions: printers leave it white."""

_SLACK = 0.01
"""Coordinates travel through forms as decimals."""

Position = Literal[
    "top-left", "top", "top-right", "left", "middle", "right", "bottom-left", "bottom", "bottom-right"
]
POSITIONS: tuple[Position, ...] = Position.__args__  # type: ignore[attr-defined]


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A square on a page. `page` counts from 1; `x`, `y` are its lower left corner as seen, in points."""

    page: int
    x: float
    y: float
    size: float = SIZE_DEFAULT

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        return self.x, self.y, self.x + self.size, self.y + self.size


def check_placement(placement: Placement, *, pages: int, width_pt: float, height_pt: float) -> None:
    """Raises: Refusal INVALID `placement.page`, `placement.size` or `placement.outside`."""
    if not 1 <= placement.page <= pages:
        raise Refusal(Kind.INVALID, "placement.page", page=placement.page, pages=pages)
    size_min = fitting_size(width_pt, height_pt, wanted=SIZE_MIN)
    if not size_min - _SLACK <= placement.size <= SIZE_MAX:
        raise Refusal(Kind.INVALID, "placement.size", size_min=size_min, size_max=SIZE_MAX)
    x0, y0, x1, y1 = placement.rectangle
    if not (x0 >= -_SLACK and y0 >= -_SLACK and x1 <= width_pt + _SLACK and y1 <= height_pt + _SLACK):
        raise Refusal(Kind.INVALID, "placement.outside", page=placement.page)


def fitting_size(width_pt: float, height_pt: float, *, wanted: float = SIZE_DEFAULT) -> float:
    """The size wanted, or what a small page has room for; never below `SIZE_SMALLEST`."""
    return min(wanted, max(SIZE_SMALLEST, min(width_pt, height_pt)))


def overlap(first: Placement, second: Placement) -> bool:
    """Whether two stamps would cover each other."""
    if first.page != second.page:
        return False
    a, b = first.rectangle, second.rectangle
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def named_placement(
    position: Position, *, page: int, width_pt: float, height_pt: float, size: float = SIZE_DEFAULT
) -> Placement:
    """One of nine places, for forms without scripts. On a small page the stamp is moved inside."""
    across = {"left": 0.0, "right": 1.0}
    along = {"bottom": 0.0, "top": 1.0}
    words = position.split("-")
    horizontal = next((across[word] for word in words if word in across), 0.5)
    vertical = next((along[word] for word in words if word in along), 0.5)
    return Placement(
        page=page,
        x=_along(horizontal, width_pt, size),
        y=_along(vertical, height_pt, size),
        size=size,
    )


def _along(share: float, length: float, size: float) -> float:
    margin = min(MARGIN, max(0.0, (length - size) / 2))
    return round(margin + share * (length - size - 2 * margin), 2)
