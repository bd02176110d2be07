"""Where a stamp lies on a page. Coordinates are points in the visible page, from its lower left corner."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.pdf.ink_kinds import Ink
from meterai.pdf.limits import DEFAULT_LIMITS
from meterai.texts.mechanism.marks import N_

SIZE_MIN, SIZE_DEFAULT, SIZE_MAX = 54.0, 90.0, 110.0
SIZE_SMALLEST = DEFAULT_LIMITS.page_points_min
"""Size on a page without room for `SIZE_MIN`, such as a label. Its 2-D code can be read at 300 dpi."""
MARGIN = 28.0
"""Distance of proposed and named positions from the page's edge, which printers leave white."""

_COVER_CODES = {
    Ink.TEXT: "placement.over_text",
    Ink.DRAWN: "placement.over_drawing",
    Ink.FIELD: "placement.over_field",
    Ink.COMMENT: "placement.over_field",
}
_SLACK = 0.01
"""Tolerance: forms send coordinates with two decimals."""


class Position(StrEnum):
    """The nine named positions of a stamp. A member's value is its name on the command line.

    Forms of the site, `meterai stamp` and the rules of bundles use this table.
    """

    TOP_LEFT = "top-left", 0.0, 1.0, "atas_kiri", N_("Kiri atas")
    TOP = "top", 0.5, 1.0, "atas_tengah", N_("Tengah atas")
    TOP_RIGHT = "top-right", 1.0, 1.0, "atas_kanan", N_("Kanan atas")
    LEFT = "left", 0.0, 0.5, "tengah_kiri", N_("Kiri")
    MIDDLE = "middle", 0.5, 0.5, "tengah", N_("Tengah")
    RIGHT = "right", 1.0, 0.5, "tengah_kanan", N_("Kanan")
    BOTTOM_LEFT = "bottom-left", 0.0, 0.0, "bawah_kiri", N_("Kiri bawah")
    BOTTOM = "bottom", 0.5, 0.0, "bawah_tengah", N_("Tengah bawah")
    BOTTOM_RIGHT = "bottom-right", 1.0, 0.0, "bawah_kanan", N_("Kanan bawah")

    across: float
    """Share of the way from the left margin to the right one."""
    up: float
    """Share of the way from the lower margin to the upper one."""
    form_value: str
    """Its value in HTML forms."""
    label: str
    """Its label on pages, in Indonesian."""

    def __new__(cls, value: str, across: float, up: float, form_value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.across, member.up, member.form_value, member.label = across, up, form_value, label
        return member

    @classmethod
    def from_form(cls, form_value: str) -> Self | None:
        """Returns the position with this form value; None for anything else."""
        return next((position for position in cls if position.form_value == form_value), None)


class Placement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A square on a page. `page` counts from 1; `x`, `y` are its lower left corner as seen, in points.

    A stamp that moves gets a new placement, so nothing is known of what that one covers.
    """

    page: int
    x: float
    y: float
    size: float = SIZE_DEFAULT
    covers: Ink | None = None
    """What lies under it. None: nobody has looked."""
    may_cover: bool = False
    """Whether a person agreed that the stamp covers it."""

    @property
    def spot(self) -> tuple[int, float, float, float]:
        """Page, corner and size: where it is, without what it covers."""
        return self.page, self.x, self.y, self.size

    @property
    def cover_code(self) -> str:
        """Code of the refusal that says what it covers. Empty: nothing, or nobody has looked."""
        return _COVER_CODES[self.covers] if self.covers else ""

    @property
    def is_settled(self) -> bool:
        """Whether it covers nothing, or a person agreed to what it covers."""
        return self.may_cover or self.covers is Ink.NOTHING

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        return self.x, self.y, self.x + self.size, self.y + self.size


def check_placement(placement: Placement, *, pages: int, width_pt: float, height_pt: float) -> None:
    """Checks that the stamp lies on the page and is large enough.

    Raises: Refusal INVALID `placement.page`, `placement.size` or `placement.outside`.
    """
    if not 1 <= placement.page <= pages:
        raise Refusal(Kind.INVALID, "placement.page", page=placement.page, pages=pages)
    size_min = fitting_size(width_pt, height_pt, wanted=SIZE_MIN)
    if not size_min - _SLACK <= placement.size <= SIZE_MAX:
        raise Refusal(Kind.INVALID, "placement.size", size_min=size_min, size_max=SIZE_MAX)
    x0, y0, x1, y1 = placement.rectangle
    if not (x0 >= -_SLACK and y0 >= -_SLACK and x1 <= width_pt + _SLACK and y1 <= height_pt + _SLACK):
        raise Refusal(Kind.INVALID, "placement.outside", page=placement.page)


def fitting_size(width_pt: float, height_pt: float, *, wanted: float = SIZE_DEFAULT) -> float:
    """The wanted size, or a smaller one on a small page; at least `SIZE_SMALLEST`."""
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
    """The placement of a named position. On a page smaller than the margins the stamp is moved inside."""
    return Placement(
        page=page,
        x=_along(position.across, width_pt, size),
        y=_along(position.up, height_pt, size),
        size=size,
    )


def margin_within(room: float, wanted: float = MARGIN) -> float:
    """The margin on both sides of a stamp that has this room to move: the wanted one, or what there is."""
    return min(wanted, max(0.0, room / 2))


def _along(share: float, length: float, size: float) -> float:
    margin = margin_within(length - size)
    return round(margin + share * (length - size - 2 * margin), 2)
