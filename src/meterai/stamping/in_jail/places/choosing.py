"""Chooses the place of a stamp by the ink of a page and by what the stamp should be near."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from operator import itemgetter

from meterai.stamping.in_jail.places.aims import ON_WORDS_PT, REACH_PT, Aim, best_corner
from meterai.stamping.in_jail.places.page_marks import PageMarks
from meterai.stamping.placement import MARGIN, SIZE_MIN, Placement, fitting_size, margin_within, overlap
from meterai.stamping.requests import ProposeRequest

_SMALLER = (72.0, SIZE_MIN)
"""Sizes of a stamp where people sign between much text."""
_STEP_PT = 10.0
_SIDE = [step * _STEP_PT for step in range(-int(REACH_PT // _STEP_PT), int(REACH_PT // _STEP_PT) + 1)]
_OFFSETS = sorted((abs(x) + abs(y), x, y) for x in _SIDE for y in _SIDE if abs(x) + abs(y) <= REACH_PT)
_COARSE_STEP_PT, _STEPS_MAX = 16, 48
"""Steps of the places all over the page."""

_SOME = 4
"""Of the places on a full page each fourth is looked at."""

_Corner = tuple[float, float, float]
"""Distance from the best place, x and y."""
_Search = Callable[[float], Iterable[_Corner]]
"""Lists corners for stamps of a size, the nearest first."""


def choose_place(page: PageMarks, request: ProposeRequest, aim: Aim) -> tuple[Placement, bool]:
    """The nearest free place, and whether it is free.

    One near the aim, else one anywhere on the page, of full size or smaller; else the least ink near the aim.
    """
    reaches = (ON_WORDS_PT, REACH_PT) if aim.is_for_stamp else (REACH_PT,)
    searches: list[_Search] = [partial(_near, request, aim, reach=reach) for reach in reaches]
    searches.append(partial(_everywhere, request, aim))
    for search in searches:
        for size in _sizes(request):
            place = next(_free(page, request, size, search(size)), None)
            if place is not None:
                return place, True
    return _least_ink(page, request, aim), False


def _free(
    page: PageMarks, request: ProposeRequest, size: float, corners: Iterable[_Corner]
) -> Iterator[Placement]:
    """The places without ink that cover no other stamp."""
    tried = _not_taken(request, size, corners)
    return (place for _, place in tried if page.is_free(place.x, place.y, size))


def _least_ink(page: PageMarks, request: ProposeRequest, aim: Aim) -> Placement:
    """The place near the aim with the least ink. It covers no other stamp if it can."""
    size = _sizes(request)[0]
    some = islice(_near(request, aim, size, reach=REACH_PT), 0, None, _SOME)
    places = [Placement(page=request.page, x=x, y=y, size=size) for _, x, y in some]
    return min(
        places, key=lambda place: (any(overlap(place, o) for o in request.taken), page.cost_under(place))
    )


def ranked_places(page: PageMarks, request: ProposeRequest, aim: Aim) -> list[Placement]:
    """Every place that covers no other stamp, the best first."""
    size = fitting_size(request.width_pt, request.height_pt, wanted=request.size)
    costs = [
        (distance + page.cost_under(place), place)
        for distance, place in _not_taken(request, size, _everywhere(request, aim, size))
    ]
    return [place for _, place in sorted(costs, key=itemgetter(0))]


def empty_places(page: PageMarks, request: ProposeRequest, aim: Aim, *, margin: float) -> list[Placement]:
    """Every place without ink, the nearest first.

    `margin`: the least distance from the edge of the page, in points.
    """
    size = fitting_size(request.width_pt, request.height_pt, wanted=request.size)
    return list(_free(page, request, size, _everywhere(request, aim, size, margin)))


def _sizes(request: ProposeRequest) -> list[float]:
    """The wanted size and smaller ones, as the page allows."""
    wanted = (request.size, *(size for size in _SMALLER if size < request.size))
    fitting = (fitting_size(request.width_pt, request.height_pt, wanted=size) for size in wanted)
    return list(dict.fromkeys(fitting))


def _not_taken(
    request: ProposeRequest, size: float, corners: Iterable[_Corner]
) -> Iterator[tuple[float, Placement]]:
    for distance, x, y in corners:
        place = Placement(page=request.page, x=x, y=y, size=size)
        if not any(overlap(place, other) for other in request.taken):
            yield distance, place


def _near(request: ProposeRequest, aim: Aim, size: float, *, reach: float) -> Iterator[_Corner]:
    """Corners around the best one, within reach."""
    x0, y0 = best_corner(aim, size, (request.width_pt, request.height_pt))
    for distance, right, up in _OFFSETS:
        if distance > reach:
            break
        x, y = round(x0 + right, 2), round(y0 + up, 2)
        if _is_inside(x, request.width_pt, size) and _is_inside(y, request.height_pt, size):
            yield distance, x, y


def _is_inside(corner: float, length: float, size: float) -> bool:
    margin = margin_within(length - size)
    return margin - 0.01 <= corner <= length - size - margin + 0.01


def _everywhere(request: ProposeRequest, aim: Aim, size: float, margin: float = MARGIN) -> list[_Corner]:
    """Corners on a grid over the whole page, the nearest first."""
    x0, y0 = best_corner(aim, size, (request.width_pt, request.height_pt))
    found = [
        (abs(x - x0) + abs(y - y0), x, y)
        for y in _steps(request.height_pt - size, margin)
        for x in _steps(request.width_pt - size, margin)
    ]
    return sorted(found)


def _steps(room: float, wanted: float) -> list[float]:
    margin = margin_within(room, wanted)
    count = max(1, min(_STEPS_MAX, int((room - 2 * margin) / _COARSE_STEP_PT)))
    return [round(margin + (room - 2 * margin) * step / count, 2) for step in range(count + 1)]
