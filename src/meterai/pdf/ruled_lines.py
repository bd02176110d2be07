"""Takes ruled, dotted and dashed lines out of a picture of marks: people stamp and sign on such lines."""

from __future__ import annotations

from PIL import Image, ImageChops

_LENGTH_PT = (24, 36)
"""Length from which marks in a row, or in a column, are a line."""
_GAP_PT = (7, 1.5)
"""Largest gap between the dots of a line: ". . . ." at 11 points has gaps of 5. Those of upright lines are
small, because a column of the letter l is text."""
_THICK_PT = 2
"""Thickness from which marks are no line. Text of 4 points is as high."""


def without_lines(marks: Image.Image, dots_per_pt: int) -> Image.Image:
    """The marks (255, else 0) without those of lines, level and upright."""
    turned = marks.transpose(Image.Transpose.TRANSPOSE)
    level, upright = (
        _lines(picture, _LENGTH_PT[number] * dots_per_pt, int(_GAP_PT[number] * dots_per_pt), dots_per_pt)
        for number, picture in enumerate((marks, turned))
    )
    lines = ImageChops.lighter(level, upright.transpose(Image.Transpose.TRANSPOSE))
    return ImageChops.subtract(marks, lines)


def _lines(marks: Image.Image, length: int, gap: int, dots_per_pt: int) -> Image.Image:
    """The parts that are long in a row, thin across it, and full but for gaps."""
    rows = _opened(_shrunk(grown(marks, gap), gap), length)
    if rows.getbbox() is None:
        return rows
    across = rows.transpose(Image.Transpose.TRANSPOSE)
    thin = ImageChops.subtract(across, _opened(across, _THICK_PT * dots_per_pt + 2))
    return _moved(grown(thin, 2), 1).transpose(Image.Transpose.TRANSPOSE)  # with their soft edges


def _opened(marks: Image.Image, length: int) -> Image.Image:
    """The runs in a row that have at least this length."""
    return grown(_shrunk(marks, length - 1), length - 1)


def grown(marks: Image.Image, steps: int) -> Image.Image:
    """Each mark and the given number of dots right of it."""
    done = 0
    while done < steps:
        step = min(done + 1, steps - done)
        marks = ImageChops.lighter(marks, _moved(marks, -step))
        done += step
    return marks


def _shrunk(marks: Image.Image, steps: int) -> Image.Image:
    """The marks that have the given number of marks right of them."""
    done = 0
    while done < steps:
        step = min(done + 1, steps - done)
        marks = ImageChops.darker(marks, _moved(marks, step))
        done += step
    return marks


def _moved(marks: Image.Image, left: int) -> Image.Image:
    """The picture moved to the left. Nothing comes in at its side."""
    return marks.crop((left, 0, left + marks.width, marks.height))
