"""Photos of a document: how each is turned and cut, and the requests to the jail that make a PDF of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import atan2

import msgspec

PHOTOS_MAX = 10
"""Photos of one document."""
PHOTO_SIDE_MIN = 300
"""Fewer dots on a side show no legible page."""
PHOTO_SIDE_MAX = 20_000
CLEAN_PHOTO = "meterai.stamping.in_jail.photos:clean_photo"
MAKE_SHEETS = "meterai.stamping.in_jail.photo_sheets:make_sheets"
_AREA_MIN = 0.02
"""The least part of the photo between its four corners."""

type Point = tuple[float, float]
"""A place in the photo as it is seen: parts of its width from the left and of its height from the top."""


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose for one photo."""

    turn: int = 0
    """Degrees clockwise: 0, 90, 180 or 270."""
    corners: tuple[Point, ...] = ()
    """The paper's corners in the turned photo, clockwise from the upper left; empty: the whole photo."""
    grey: bool = False
    width_px: int = 0
    height_px: int = 0
    """Its size as it is kept and turned; the jail measures it."""


class CleanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks to decode a picture and to write it as a plain JPEG."""

    data: bytes


class CleanPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """The picture as a JPEG in sRGB: upright, without EXIF, place, profile or comment."""

    jpeg: bytes


class AlbumPage(msgspec.Struct, frozen=True, kw_only=True):
    """A photo, and where its bytes are: in the album before, or behind it in `SheetsRequest.added`."""

    page: int
    """From 0: the pages of the album before, then the added photos."""
    photo: Photo


class SheetsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the A4 PDF of some photos. `album`: empty, or as the jail made it before."""

    album: bytes
    added: list[bytes]
    pages: list[AlbumPage]
    bytes_max: int | None = None
    """Size that the PDF should have. The photos lose detail for it, down to a limit."""


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """The PDF, and the album: a PDF with the photos as they came, to begin from when a choice changes."""

    data: bytes
    album: bytes
    photos: list[Photo]
    """The choices of the request, with the size of each photo."""


def turned(photo: Photo, degrees: int) -> Photo:
    """The photo turned clockwise by 90, 180 or 270 degrees more. Its corners stay on the same dots."""
    corners = photo.corners
    for _ in range(degrees // 90 % 4):
        corners = tuple((1 - y, x) for x, y in corners)
    return msgspec.structs.replace(
        photo, turn=(photo.turn + degrees) % 360, corners=in_order(corners) if corners else ()
    )


def in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points clockwise around their middle, from the one that is nearest to the upper left."""
    given = list(points)
    middle_x = sum(x for x, _ in given) / len(given)
    middle_y = sum(y for _, y in given) / len(given)
    round_ = sorted(given, key=lambda point: atan2(point[1] - middle_y, point[0] - middle_x))
    first = min(range(len(round_)), key=lambda n: round_[n][0] + round_[n][1])
    return (*round_[first:], *round_[:first])


def is_paper(corners: Sequence[Point]) -> bool:
    """Whether four points, clockwise, enclose a sheet: no dent, no line, and inside the photo."""
    if len(corners) != 4 or not all(0 <= value <= 1 for point in corners for value in point):
        return False
    sides = [(corners[n], corners[(n + 1) % 4], corners[(n + 2) % 4]) for n in range(4)]
    bends = [(b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) for a, b, c in sides]
    return min(bends) > 0.002 and _area(corners) >= _AREA_MIN


def _area(corners: Sequence[Point]) -> float:
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
