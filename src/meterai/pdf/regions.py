"""Finds the connected regions of a picture of marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PIL import Image

Pixels = tuple[int, int, int, int]
"""Left, top, right, bottom in dots; right and bottom are outside."""
_RUN = re.compile(rb"\xff+")
RUNS_MAX = 40_000
"""Runs of a picture that is looked at. One with more is noise."""


def regions(marks: Image.Image) -> list[Pixels] | None:
    """The boxes of the regions of a picture (255 is a mark, 0 is none). None if there are too many."""
    roots: list[int] = []
    boxes: list[list[int]] = []
    above: list[tuple[int, int, int]] = []
    for row, runs in _rows(marks):
        here = []
        for left, right in runs:
            number = len(roots)
            if number > RUNS_MAX:
                return None
            roots.append(number)
            boxes.append([left, row, right, row + 1])
            here.append((left, right, number))
        _join(above, here, roots)
        above = here
    return _joined(boxes, roots)


def _rows(marks: Image.Image) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    data, width = marks.tobytes(), marks.width
    for row in range(marks.height):
        line = data[row * width : (row + 1) * width]
        yield row, [found.span() for found in _RUN.finditer(line)]


def _join(above: list[tuple[int, int, int]], here: list[tuple[int, int, int]], roots: list[int]) -> None:
    """Joins the runs of two rows that touch, at corners too."""
    first = 0
    for left, right, number in here:
        while first < len(above) and above[first][1] < left:
            first += 1
        position = first
        while position < len(above) and above[position][0] <= right:
            one, other = _root(roots, above[position][2]), _root(roots, number)
            roots[max(one, other)] = min(one, other)
            position += 1


def _root(roots: list[int], number: int) -> int:
    while roots[number] != number:
        roots[number] = roots[roots[number]]
        number = roots[number]
    return number


def _joined(boxes: list[list[int]], roots: list[int]) -> list[Pixels]:
    found: dict[int, list[int]] = {}
    for number, (left, top, right, bottom) in enumerate(boxes):
        box = found.setdefault(_root(roots, number), [left, top, right, bottom])
        box[:] = min(box[0], left), min(box[1], top), max(box[2], right), max(box[3], bottom)
    return [(left, top, right, bottom) for left, top, right, bottom in found.values()]
