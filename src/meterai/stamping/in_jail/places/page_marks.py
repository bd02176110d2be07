"""Where a small picture of a page has ink."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from itertools import accumulate

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

from meterai.pdf.ink import places_of_annotations
from meterai.pdf.page_box import Rectangle
from meterai.pdf.ruled_lines import grown
from meterai.stamping.placement import Placement

_CONTRAST = 24
"""Difference of grey from the page's own ground, from which a dot of a reduced picture is ink."""
_EVEN_SHARE_MIN = 0.4
"""Share of the dots that have nearly the colour of the ground, unless the page is a photo or a scan."""
_PAPER_SHRUNK, _PAPER_REACH = 6, 5
"""The paper of a scan is the lightest dot around, each the mean of six by six."""
TOUCH_COST = 2_000.0
"""Cost of a square that touches any ink, with a small margin around it. Distances in points are less."""
_INK_WEIGHT = 20_000.0
_AIR_PT = 4.0
_ASKED_MAX = 10
"""Squares of one size that are looked at one by one. For more, all of the page are looked at together."""


def marks_of(picture: Image.Image) -> Image.Image:
    """255 where a picture in grey differs from its ground, or from the paper of a scan, else 0."""
    return even_marks(picture) or marks_on_paper(picture)


def even_marks(picture: Image.Image) -> Image.Image | None:
    """As `marks_of`. None for a photo or a scan: their ground is not even."""
    counts = picture.histogram()
    ground = counts.index(max(counts))
    if sum(counts[max(0, ground - 4) : ground + 5]) < _EVEN_SHARE_MIN * picture.width * picture.height:
        return None
    return picture.point([255 if abs(grey - ground) >= _CONTRAST else 0 for grey in range(256)])


def marks_on_paper(picture: Image.Image) -> Image.Image:
    """As `marks_of`, for a photo or a scan."""
    lightest = picture.reduce(_PAPER_SHRUNK).filter(ImageFilter.MaxFilter(_PAPER_REACH))
    blurred = lightest.filter(ImageFilter.GaussianBlur(2))
    apart = ImageChops.subtract(blurred.resize(picture.size, Image.Resampling.BILINEAR), picture)
    return apart.point([255 if grey >= _CONTRAST else 0 for grey in range(256)])


class PageMarks:
    """Says whether squares on a page have ink, and how much."""

    def __init__(self, marks: Image.Image, scale: float, *, height_pt: float) -> None:
        """`scale`: dots of the picture per point. Its last row may reach below the page."""
        self.marks = marks
        self.scale = scale
        self.height_pt = height_pt
        self._columns: dict[tuple[int, int], list[int]] = {}
        self._taken: dict[int, bytes] = {}
        self._asked: Counter[int] = Counter()

    def blacken(self, place: Rectangle) -> None:
        """Counts a place, in points of the page, as ink."""
        left, right = (max(0, round(side * self.scale)) for side in (place[0], place[2]))
        top, bottom = (max(0, round((self.height_pt - side) * self.scale)) for side in (place[3], place[1]))
        self.marks.paste(255, (left, top, max(left, right), max(top, bottom)))
        self._columns.clear()
        self._taken.clear()

    def blacken_fields(self, page: pypdfium2.PdfPage, unit: float) -> None:
        """Counts fields and comments as ink: they look like paper where they are empty.

        `unit`: the page's UserUnit, which PDFium does not know.
        """
        for _, (left, bottom, right, top) in places_of_annotations(page):
            self.blacken((left * unit, bottom * unit, right * unit, top * unit))

    def replace(self, part: Image.Image, corner: tuple[int, int]) -> None:
        """Puts other marks at a place, in dots."""
        self.marks.paste(part, corner)
        self._columns.clear()
        self._taken.clear()

    def is_free(self, x: float, y: float, size: float) -> bool:
        """Whether a square with its margin has no ink. `x`, `y`: its lower left corner, in points."""
        left, top, side = self._square(x, y, size)
        if side not in self._taken:
            self._asked[side] += 1
            if self._asked[side] <= _ASKED_MAX:
                return self.marks.crop((left, top, left + side, top + side)).getbbox() is None
            self._taken[side] = self._taken_by(side)
        width, height = self.marks.size
        column, row = min(max(left + side, 1), width) - 1, min(max(top + side, 1), height) - 1
        return not self._taken[side][row * width + column]

    def _taken_by(self, side: int) -> bytes:
        """For each dot whether a square that ends there has ink."""
        rows = grown(self.marks, side - 1).transpose(Image.Transpose.TRANSPOSE)
        return grown(rows, side - 1).transpose(Image.Transpose.TRANSPOSE).tobytes()

    def cost_under(self, place: Placement) -> float:
        """The cost of ink under a square, in points of distance. Columns are counted once, row by row."""
        covered = self._share_under(place)
        return TOUCH_COST + _INK_WEIGHT * covered if covered else 0.0

    def _share_under(self, place: Placement) -> float:
        """The share of the square and its margin that has ink."""
        left, top, side = self._square(place.x, place.y, place.size)
        above = self._column(left, side)
        rows = len(above) - 1
        return (above[min(max(top + side, 0), rows)] - above[min(max(top, 0), rows)]) / side**2

    def _square(self, x: float, y: float, size: float) -> tuple[int, int, int]:
        """Left, top and side of a square with its margin, in dots."""
        side = max(1, math.ceil((size + 2 * _AIR_PT) * self.scale))
        top = math.floor((self.height_pt - y - size - _AIR_PT) * self.scale)
        return math.floor((x - _AIR_PT) * self.scale), top, side

    def _column(self, left: int, side: int) -> list[int]:
        """Counts the dots of ink above each row of a column. There is none beyond the page."""
        known = self._columns.get((left, side))
        if known is None:
            strip = self.marks.crop((left, 0, left + side, self.marks.height))
            means = strip.resize((1, strip.height), Image.Resampling.BOX).tobytes()
            known = list(accumulate(map(_dots_of(side).__getitem__, means), initial=0))
            self._columns[left, side] = known
        return known


@lru_cache(maxsize=32)
def _dots_of(side: int) -> list[int]:
    """How many of `side` dots are ink, by the mean of their marks (0 to 255)."""
    return [round(mean * side / 255) for mean in range(256)]
