"""Takes brackets out of a picture of marks if they hold nothing but a line: people sign in "( ........ )"."""

from __future__ import annotations

from PIL import Image

from meterai.pdf.regions import Pixels, regions

_HEIGHT_PT = (6, 26)
_SLIM_MAX = 0.55
"""Largest width of a bracket, in its heights. A C is wider."""
_BENT_MIN = 0.06
"""How far both ends of a bracket lie beside its middle, in its heights. A 1 has its flag at one end."""
_EMPTY_PT = 24
"""Shortest room in brackets without a line."""
_BESIDE_PT = 14
"""How far from a bracket its line may begin."""
_OPENING, _CLOSING = 1, -1


def without_brackets(marks: Image.Image, lines: Image.Image, dots_per_pt: int) -> Image.Image:
    """The marks without empty brackets. `lines`: the marks of lines that were taken away before."""
    found = regions(marks) or []
    brackets = [(box, way) for box in found if (way := _way_of(marks, box, dots_per_pt))]
    empty = [box for box, way in brackets if _has_line(lines, box, way, dots_per_pt)]
    empty += _pairs(found, brackets, dots_per_pt)
    if not empty:
        return marks
    left = marks.copy()
    for box in empty:
        left.paste(0, box)
    return left


def _way_of(marks: Image.Image, box: Pixels, dots_per_pt: int) -> int:
    """Whether a region is an opening or a closing bracket; 0 if it is none."""
    width, height = box[2] - box[0], box[3] - box[1]
    lowest, highest = (size * dots_per_pt for size in _HEIGHT_PT)
    if not (lowest <= height <= highest and width <= _SLIM_MAX * height):
        return 0
    third = height // 3
    top, middle, bottom = (
        _middle_of(marks.crop((box[0], box[1] + start, box[2], box[1] + start + third)))
        for start in (0, (height - third) // 2, height - third)
    )
    for way in (_OPENING, _CLOSING):
        if min(way * (top - middle), way * (bottom - middle)) >= _BENT_MIN * height:
            return way
    return 0


def _middle_of(marks: Image.Image) -> float:
    """The mean column of marks."""
    columns = marks.resize((marks.width, 1), Image.Resampling.BOX).tobytes()
    return sum(number * value for number, value in enumerate(columns)) / max(1, sum(columns))


def _has_line(lines: Image.Image, box: Pixels, way: int, dots_per_pt: int) -> bool:
    """Whether a line begins inside the bracket, close to it."""
    far = _BESIDE_PT * dots_per_pt
    left, right = (box[2], box[2] + far) if way == _OPENING else (box[0] - far, box[0])
    left, right = max(0, left), min(lines.width, right)
    bottom = min(lines.height, box[3] + 2 * dots_per_pt)
    return left < right and lines.crop((left, box[1], right, bottom)).getbbox() is not None


def _pairs(found: list[Pixels], brackets: list[tuple[Pixels, int]], dots_per_pt: int) -> list[Pixels]:
    """The brackets that face each other with nothing between."""
    pairs: list[Pixels] = []
    for first, way in brackets:
        for second, other in brackets:
            if (way, other) != (_OPENING, _CLOSING) or second[0] - first[2] < _EMPTY_PT * dots_per_pt:
                continue
            level = max(abs(first[1] - second[1]), abs(first[3] - second[3])) <= dots_per_pt
            between = (first[2], first[1], second[0], first[3])
            if level and not any(_meet(region, between) for region in found):
                pairs += [first, second]
    return pairs


def _meet(one: Pixels, other: Pixels) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
