"""Turns a drawing of `stamp_face` into a picture made of dots."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageChops, ImageDraw

from meterai.stamping.stamp_face.artwork import SIDE
from meterai.stamping.stamp_face.given_artwork import given_picture
from meterai.stamping.stamp_face.painter import Painter

type _Point = tuple[float, float]
type _Lines = list[list[_Point]]

_FINER = 4
"""Drawn this much larger first: Pillow draws edges without half-tones."""
_CURVE_PIECES = 8


def dots_of(drawing: str, side_px: int) -> Image.Image:
    """Makes the picture of a drawing in a square of 90 units, in RGB on white. Takes some 100 ms."""
    painter = _DotPainter(side_px * _FINER)
    painter.paint(drawing)
    return painter.picture.resize((side_px, side_px), Image.Resampling.BOX)


class _DotPainter(Painter):
    """Draws each path into a picture."""

    def __init__(self, side_px: int) -> None:
        super().__init__()
        self.picture = Image.new("RGB", (side_px, side_px), "white")
        self._draw = ImageDraw.Draw(self.picture)
        self._scale = side_px / SIDE

    def fill(self) -> None:
        """Fills what an odd number of lines surrounds: holes of letters stay free."""
        lines = self._lines()
        left, top = (min(point[axis] for line in lines for point in line) for axis in (0, 1))
        right, bottom = (max(point[axis] for line in lines for point in line) for axis in (0, 1))
        size = math.ceil(right - left) + 1, math.ceil(bottom - top) + 1
        mask = Image.new("1", size)
        for line in lines:
            part = Image.new("1", size)
            ImageDraw.Draw(part).polygon([(x - left, y - top) for x, y in line], fill=1)
            mask = ImageChops.logical_xor(mask, part)
        self.picture.paste(self.state.fill, (round(left), round(top)), mask)

    def stroke(self) -> None:
        a, b, c, d, _, _ = self.state.matrix
        width = float(self.state.width) * math.sqrt(abs(a * d - b * c)) * self._scale
        for line in self._lines():
            self._draw.line(line, fill=self.state.stroke, width=max(1, round(width)), joint="curve")
            if self.state.has_round_ends:
                for end in (line[0], line[-1]):
                    self._draw.circle(end, width / 2, fill=self.state.stroke)

    def add_given_picture(self) -> None:
        picture = given_picture()
        assert picture is not None
        with Image.open(io.BytesIO(picture.png), formats=("PNG",)) as given:
            self.picture.paste(given.resize(self.picture.size, Image.Resampling.BICUBIC))

    def _lines(self) -> _Lines:
        """The path as straight pieces, in dots."""
        lines: _Lines = []
        for operator, operands in self.path:
            numbers = [float(number) for number in operands]
            points = [self._placed(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            if operator == "m":
                lines.append(points)
            elif operator == "l":
                lines[-1] += points
            elif operator == "c":
                lines[-1] += _curve(lines[-1][-1], *points)
            elif operator == "h":
                lines[-1].append(lines[-1][0])
            else:
                lines.append(self._rectangle(*numbers))
        return lines

    def _rectangle(self, x: float, y: float, width: float, height: float) -> list[_Point]:
        corners = (x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)
        return [self._placed(*corner) for corner in corners]

    def _placed(self, x: float, y: float) -> _Point:
        a, b, c, d, e, f = self.state.matrix
        return (a * x + c * y + e) * self._scale, (b * x + d * y + f) * self._scale


def _curve(start: _Point, first: _Point, second: _Point, end: _Point) -> list[_Point]:
    """Points along a cubic Bézier curve (ISO 32000-1 clause 8.5.2.2), without its start."""
    points = []
    for piece in range(1, _CURVE_PIECES + 1):
        t = piece / _CURVE_PIECES
        shares = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        corners = start, first, second, end
        x, y = (sum(s * corner[axis] for s, corner in zip(shares, corners, strict=True)) for axis in (0, 1))
        points.append((x, y))
    return points
