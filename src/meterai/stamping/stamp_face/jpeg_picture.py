"""Draws a stamp as a JPEG, for partners whose own programs put it on their documents.

What all stamps share is drawn once in a process. A stamp adds its 2-D code and its serial number.
"""

from __future__ import annotations

import io
from functools import lru_cache
from math import ceil, floor
from typing import Final

from PIL import Image, ImageOps

from meterai.kernel.serial_number import ALPHABET
from meterai.stamping.stamp_face.artwork import (
    CODE_BOTTOM,
    CODE_LEFT,
    CODE_SIDE,
    INK,
    SIDE,
    draw_artwork,
)
from meterai.stamping.stamp_face.dot_picture import dots_of
from meterai.stamping.stamp_face.number_line import (
    LETTER_SCALE,
    LETTER_STEP,
    LETTER_STROKE,
    LETTERS_BOTTOM,
    LETTERS_LEFT,
)
from meterai.stamping.stamp_face.stroke_font import HEIGHT, draw_letters
from meterai.stamping.stamp_face.visible_stamp import stamp_modules

SIDE_PX: Final = 450
"""360 dots an inch at the usual size of a stamp, 600 at the smallest. A module has 6 x 6 dots."""
_DOTS: Final = SIDE_PX / SIDE
"""Dots in a unit of the drawing."""
_DOTS_PER_INCH: Final = 360
_QUALITY: Final = 85
_FINER: Final = 2
"""The sheet of letters has this many dots for one, so that letters stand between dots where they have to."""
_ROWS: Final = {ALPHABET[first : first + 9]: 20.0 * (1 + first // 9) for first in range(0, 36, 9)}
"""Rows of the sheet of letters, and the lower edge of each. Each second place is free."""
_MARGIN: Final = 0.5
"""Units around a letter that its strokes reach into."""
_WIDTH, _HEIGHT = LETTER_STEP + _MARGIN, HEIGHT * LETTER_SCALE + 2 * _MARGIN
_INK: Final = tuple(round(float(part) * 255) for part in INK.split())


def stamp_jpeg(serial: str, code: str, *, specimen: bool = True) -> bytes:
    """Draws the stamp with this serial number and the text of this 2-D code, square and in colour.

    `specimen` marks a trial stamp. Takes 1 ms; the first one in a process takes 100 ms.
    """
    picture = _shared(specimen=specimen).copy()
    picture.paste(_modules(code), (round(CODE_LEFT * _DOTS), round((SIDE - CODE_BOTTOM - CODE_SIDE) * _DOTS)))
    for place, character in enumerate(serial):
        _paste_letter(picture, place, character)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, dpi=(_DOTS_PER_INCH, _DOTS_PER_INCH))
    return file.getvalue()


@lru_cache(maxsize=2)
def _shared(*, specimen: bool) -> Image.Image:
    return dots_of(draw_artwork(specimen=specimen), SIDE_PX)


def _modules(code: str) -> Image.Image:
    rows = stamp_modules(code)
    side = round(CODE_SIDE * _DOTS)
    picture = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
    return picture.resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def _paste_letter(picture: Image.Image, place: int, character: str) -> None:
    """Draws a letter of the serial number at its exact place, also between two dots."""
    left, top = (at * _DOTS for at in _corner(place, LETTERS_BOTTOM))
    of_sheet, size = _letters()[character], (ceil(_WIDTH * _DOTS), ceil(_HEIGHT * _DOTS))
    x, y = of_sheet[0] - left % 1, of_sheet[1] - top % 1
    box = x * _FINER, y * _FINER, (x + size[0]) * _FINER, (y + size[1]) * _FINER
    mask = _sheet().resize(size, Image.Resampling.BOX, box=box)
    picture.paste(_INK, (floor(left), floor(top)), mask)


@lru_cache(maxsize=1)
def _sheet() -> Image.Image:
    """How much of each dot the letters cover, for all characters of serial numbers."""
    rows = [
        draw_letters(
            " ".join(row), left=LETTERS_LEFT, bottom=bottom, scale=LETTER_SCALE, stroke=LETTER_STROKE
        )
        for row, bottom in _ROWS.items()
    ]
    return ImageOps.invert(dots_of(b"".join(rows).decode(), SIDE_PX * _FINER).convert("L"))


@lru_cache(maxsize=1)
def _letters() -> dict[str, tuple[float, float]]:
    """Where the sheet has each letter: upper left corner in dots of the stamp."""
    return {
        character: (left * _DOTS, top * _DOTS)
        for row, bottom in _ROWS.items()
        for place, character in enumerate(row)
        for left, top in [_corner(2 * place, bottom)]
    }


def _corner(place: int, bottom: float) -> tuple[float, float]:
    """Upper left corner of a letter with its margin, in units from the stamp's upper left corner."""
    return LETTERS_LEFT + place * LETTER_STEP - _MARGIN, SIDE - bottom - HEIGHT * LETTER_SCALE - _MARGIN
