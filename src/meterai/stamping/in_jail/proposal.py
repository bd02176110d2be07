"""Proposes a place for the stamp: the emptiest square near where people sign. Runs in the jail."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter

from PIL import Image

from meterai.pdf.rendering import render_image
from meterai.pdf.requests import RenderRequest
from meterai.stamping.in_jail.covering import seen_on
from meterai.stamping.placement import MARGIN, Placement, fitting_size, overlap
from meterai.stamping.requests import ProposeRequest

_WIDTH_PX = 150
_PAPER = 232
"""Grey value from which a dot is paper."""
_INK = [0 if grey >= _PAPER else 255 for grey in range(256)]
_INK_WEIGHT = 12.0
_TOUCH_COST = 0.5
"""Cost of a square that touches any ink, with a small margin around it."""
_AIR_PT = 3.0
_TAKEN_COST = 50.0


def propose_placement(request: ProposeRequest) -> Placement:
    """Proposes the place with the least ink; among empty ones the nearest to the usual signature block.

    It says what the place covers.

    Raises: Refusal as `render_page`.
    """
    image = render_image(
        RenderRequest(data=request.data, page=request.page, width_px=_WIDTH_PX, password=request.password)
    )
    place = choose_place(image, request)
    return seen_on(image, request.data, [place], width_pt=request.width_pt)[0]


def choose_place(image: Image.Image, request: ProposeRequest) -> Placement:
    """Chooses the place on a rendered page.

    Candidates are tried from the nearest on, until no other one can be better.
    """
    ink = _Ink(image, request)
    best: tuple[float, Placement] | None = None
    for distance, x, y, size in _candidates(request.width_pt, request.height_pt, request.size):
        if best is not None and best[0] <= distance:
            break
        placement = Placement(page=request.page, x=x, y=y, size=size)
        cost = distance + ink.cost_under(placement)
        if any(overlap(placement, other) for other in request.taken):
            cost += _TAKEN_COST
        if best is None or cost < best[0]:
            best = (cost, placement)
    assert best is not None
    return best[1]


def ranked_places(image: Image.Image, request: ProposeRequest) -> list[Placement]:
    """Every place on a rendered page that covers no other stamp, in the order of `choose_place`."""
    ink = _Ink(image, request)
    costs = [(distance + ink.cost_under(place), place) for distance, place in _not_taken(request)]
    return [place for _, place in sorted(costs, key=itemgetter(0))]


def empty_places(image: Image.Image, request: ProposeRequest, *, margin: float) -> list[Placement]:
    """Every place without ink, the nearest to the usual signature block first.

    `margin`: the least distance from the edge of the page, in points.
    """
    ink = _Ink(image, request)
    return [place for _, place in _not_taken(request, margin) if not ink.share_under(place)]


def _not_taken(request: ProposeRequest, margin: float = MARGIN) -> Iterator[tuple[float, Placement]]:
    """The candidates that cover no other stamp, each with its distance."""
    for distance, x, y, size in _candidates(request.width_pt, request.height_pt, request.size, margin):
        place = Placement(page=request.page, x=x, y=y, size=size)
        if not any(overlap(place, other) for other in request.taken):
            yield distance, place


class _Ink:
    """Where a page has ink. Candidates stand in columns, so each column is counted once, row by row."""

    def __init__(self, image: Image.Image, request: ProposeRequest) -> None:
        self._marks = image.convert("L").point(_INK)
        self._scale = image.width / request.width_pt
        """Dots of the image per point."""
        self._bottom = request.height_pt * self._scale
        """The lower edge of the page: the last row of the image may reach beyond it."""
        self._columns: dict[tuple[int, int], list[int]] = {}

    def cost_under(self, placement: Placement) -> float:
        covered = self.share_under(placement)
        return _TOUCH_COST + _INK_WEIGHT * covered if covered else 0.0

    def share_under(self, placement: Placement) -> float:
        """The share of the square and its margin that has ink."""
        side = max(1, round((placement.size + 2 * _AIR_PT) * self._scale))
        left = round((placement.x - _AIR_PT) * self._scale)
        top = round(self._bottom - (placement.y - _AIR_PT) * self._scale) - side
        above = self._column(left, side)
        rows = len(above) - 1
        return (above[min(max(top + side, 0), rows)] - above[min(max(top, 0), rows)]) / side**2

    def _column(self, left: int, side: int) -> list[int]:
        """Counts the dots of ink above each row of a column. There is none beyond the page."""
        known = self._columns.get((left, side))
        if known is None:
            strip = self._marks.crop((left, 0, left + side, self._marks.height))
            means = strip.resize((1, strip.height), Image.Resampling.BOX).tobytes()
            known = list(accumulate(map(_dots_of(side).__getitem__, means), initial=0))
            self._columns[left, side] = known
        return known


@lru_cache(maxsize=32)
def _dots_of(side: int) -> list[int]:
    """How many of `side` dots are ink, by the mean of their marks (0 to 255)."""
    return [round(mean * side / 255) for mean in range(256)]


@lru_cache(maxsize=32)
def _candidates(
    width_pt: float, height_pt: float, wanted: float, margin: float = MARGIN
) -> tuple[tuple[float, float, float, float], ...]:
    """Lists (distance, x, y, size) on a grid, nearest first. Kept in a cache, since most pages are A4."""
    size = fitting_size(width_pt, height_pt, wanted=wanted)
    found = [
        (_distance((x + size / 2) / width_pt, (y + size / 2) / height_pt), x, y, size)
        for y in _steps(height_pt - size, margin)
        for x in _steps(width_pt - size, margin)
    ]
    return tuple(sorted(found))


def _steps(room: float, wanted: float) -> list[float]:
    margin = min(wanted, max(0.0, room / 2))
    count = max(1, min(24, int((room - 2 * margin) / 18)))
    return [round(margin + (room - 2 * margin) * step / count, 2) for step in range(count + 1)]


def _distance(across: float, up: float) -> float:
    """Distance from the usual signature block (right of the middle, in the lower third), in shares of the
    page."""
    return abs(across - 0.72) + 1.4 * abs(up - 0.24)
