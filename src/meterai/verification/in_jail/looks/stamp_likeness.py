"""Recognises a picture of a stamp, of any size and turned, also when its code can't be read.

It compares small grey pictures with that of a stamp. The code's field does not count, because a forger
bars the code and each stamp has another one. What is left is the same on all stamps: the bar with the words
METERAI ELEKTRONIK, the frame, the value in its column, the words below.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import compress
from operator import mul
from typing import NamedTuple

import pikepdf
from PIL import Image, ImageChops, ImageFilter

from meterai.pdf.opening.by_pdfium import opened
from meterai.pdf.own_page import stamped_own_page
from meterai.pdf.regions import Pixels, regions

ALIKE_MIN = 0.45
"""Correlation from which two pictures are alike; 1 is the same picture. Other signatures reach 0.25."""
_COARSELY_ALIKE_MIN = 0.15
_SIDE = 32
_CODE = (0.0, 0.14, 0.68, 0.81)
"""Place of the code with its quiet zone in a stamp: left, top, right, bottom, as shares of its side."""
_CUTS = (
    (0.0, 0.0, 1.0, 1.0),
    (0.02, 0.02, 0.98, 0.98),  # without the frame
    (0.0, 0.0, 1.0, 0.8),  # without the words below
    (0.0, 0.14, 1.0, 1.0),  # without the bar above
    (0.0, 0.0, 0.68, 1.0),  # without the value
)
"""Parts of a stamp that may stand for it."""
_COARSE = 3
"""Radius of what does not count: whether a picture as a whole is darker on one side."""
_SIDES_RATIO_MAX = 2.0
_SIDE_PX_MIN = 16
_ANGLES = range(0, 90, 3)
_LIKELY_ANGLES = 3
_REGIONS_MAX = 6
_ABOUT_PX = 8
_INK = (10, 48)
"""Differences from the ground from which a dot belongs to the picture. A stamp's own ground is 17 apart, and
the paper of scans is not even."""
_JOINED = (1, 2, 5)
"""How many dots in a row become one before regions are looked for: copies may lack frame or ground."""
_TURNED_PX, _REGION_PX = 64, 160
"""Longer sides of the pictures by which angles are found, and the place of a region that was turned."""


class Pattern(NamedTuple):
    """A small picture of a stamp, with a mean of 0 and a length of 1, and 0 where the code is."""

    kept: bytes
    """255 for each dot that counts."""
    values: tuple[float, ...]
    coarse: tuple[float, ...]
    """The same with half as many dots to a side."""


def is_like_a_stamp(picture: Image.Image, patterns: Sequence[Pattern]) -> bool:
    """Whether a part of a grey picture looks like one of the patterns."""
    return any(likeness(part, patterns) >= ALIKE_MIN for part in _parts(picture))


def patterns_of(stamp: Image.Image) -> list[Pattern]:
    """The patterns of a stamp, which fills its grey picture: of the whole stamp and of parts of it."""
    return [_pattern(stamp, cut) for cut in _CUTS]


def _pattern(stamp: Image.Image, cut: tuple[float, float, float, float]) -> Pattern:
    left, top, right, bottom = cut
    across, up = stamp.width, stamp.height
    part = stamp.crop((round(left * across), round(top * up), round(right * across), round(bottom * up)))
    columns = [_dots(share, left, right) for share in (_CODE[0], _CODE[2])]
    rows = [_dots(share, top, bottom) for share in (_CODE[1], _CODE[3])]
    kept = Image.new("L", (_SIDE, _SIDE), 255)
    kept.paste(0, (columns[0], rows[0], columns[1], rows[1]))
    small = _small(part)
    return Pattern(
        kept.tobytes(),
        _centred(small.tobytes(), kept.tobytes()),
        _centred(small.reduce(2).tobytes(), kept.reduce(2).tobytes()),
    )


def _dots(share: float, start: float, end: float) -> int:
    """A position in a whole stamp as dots in the small picture of a part."""
    return min(_SIDE, max(0, round((share - start) / (end - start) * _SIDE)))


@cache
def general_patterns() -> list[Pattern]:
    """The patterns of the stamp on our own page."""
    data = stamped_own_page()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        place = [float(value) for value in pdf.pages[0].obj["/Annots"][-1]["/Rect"]]
    with opened(data) as document:
        page = document[0]
        width, height = page.get_size()
        cut = (place[0], place[1], width - place[2], height - place[3])
        return patterns_of(page.render(scale=2, crop=cut, may_draw_forms=True).to_pil().convert("L"))


def likeness(part: Image.Image, patterns: Sequence[Pattern]) -> float:
    """The highest correlation of a small picture with a pattern, from -1 to 1; 0 if none comes close."""
    coarse, found = part.reduce(2).tobytes(), 0.0
    length = _length(coarse)
    if length <= _SIDE / 2:  # nearly even
        return found
    dots = part.tobytes()
    for pattern in patterns:
        if sum(map(mul, coarse, pattern.coarse)) >= _COARSELY_ALIKE_MIN * length:
            alike = sum(map(mul, dots, pattern.values)) / max(
                1.0, _length(bytes(compress(dots, pattern.kept)))
            )
            found = max(found, alike)
    return found


def _length(values: bytes) -> float:
    """The length of the values, their mean taken away."""
    total = sum(values)
    return float((sum(map(mul, values, values)) - total * total / len(values)) ** 0.5)


def _centred(values: bytes, kept: bytes) -> tuple[float, ...]:
    mean = sum(compress(values, kept)) / sum(map(bool, kept))
    moved = [value - mean if counts else 0.0 for value, counts in zip(values, kept, strict=True)]
    length = sum(map(mul, moved, moved)) ** 0.5
    return tuple(value / length for value in moved)


def _small(picture: Image.Image) -> Image.Image:
    """The picture in small, without its coarse differences."""
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return ImageChops.subtract(small, small.filter(ImageFilter.GaussianBlur(_COARSE)), 2, 128)


def _parts(picture: Image.Image) -> Iterator[Image.Image]:
    """Each region that may be a stamp, upright and small, in each of its turns."""
    ground = _most_frequent(picture)
    apart = ImageChops.difference(picture, Image.new("L", picture.size, ground))
    for least in _INK:
        marks, done = apart.point([255 if value >= least else 0 for value in range(256)]), set[Pixels]()
        for joined in _JOINED:
            for region in sorted(_regions(marks, joined), key=_area)[-_REGIONS_MAX:]:
                about = _about(region)
                if about not in done and _is_nearly_square(region):
                    done.add(about)
                    yield from _turned(picture.crop(region), marks.crop(region), ground)


def _about(region: Pixels) -> Pixels:
    """The same for regions that lie nearly in the same place."""
    left, top, right, bottom = (round(side / _ABOUT_PX) for side in region)
    return left, top, right, bottom


def _regions(marks: Image.Image, joined: int) -> list[Pixels]:
    """The regions, once dots are joined, in dots of the picture."""
    if joined == 1:
        return regions(marks) or []
    coarse = marks.reduce(joined).point([0] + [255] * 255)
    right, bottom = marks.size
    return [
        (left * joined, top * joined, min(right, end * joined), min(bottom, low * joined))
        for left, top, end, low in regions(coarse) or []
    ]


def _is_nearly_square(region: Pixels) -> bool:
    """Whether a region may hold a stamp: a square fills a square box, however it is turned."""
    short, long = sorted((region[2] - region[0], region[3] - region[1]))
    return short >= _SIDE_PX_MIN and long <= _SIDES_RATIO_MAX * short


def _most_frequent(picture: Image.Image) -> int:
    counts = picture.histogram()
    return counts.index(max(counts))


def _area(region: Pixels) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])


def _turned(picture: Image.Image, marks: Image.Image, ground: int) -> Iterator[Image.Image]:
    """The picture turned back, whose sides then lie level and upright: a square fills its box then."""
    for angle in _likely_angles(marks):
        turned = marks.rotate(angle, expand=True)
        upright = picture.rotate(angle, expand=True, fillcolor=ground, resample=Image.Resampling.BILINEAR)
        largest = max(_regions(turned, _shrunk_to(turned, _REGION_PX)), key=_area, default=None)
        for box in {largest, turned.getbbox()} - {None}:
            small = _small(upright.crop(box))
            yield small
            for turn in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270):
                yield small.transpose(turn)


def _likely_angles(marks: Image.Image) -> list[int]:
    """The angles by which the marks must be turned to fit into the smallest boxes."""
    coarse = marks.reduce(_shrunk_to(marks, _TURNED_PX)).point([0] + [255] * 255)
    boxes = ((coarse.rotate(angle, expand=True).getbbox(), angle) for angle in _ANGLES)
    return [angle for _, angle in sorted((_area(box), angle) for box, angle in boxes if box)[:_LIKELY_ANGLES]]


def _shrunk_to(picture: Image.Image, side: int) -> int:
    """How many of its dots become one, so that its longer side has at most `side` dots."""
    return -(-max(picture.size) // side)
