"""Draws the sample of a stamp that pages and previews show: the true look, marked CONTOH, without a code.

Where a stamp has its 2-D code, the sample has pale modules that hold no data.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from meterai.stamping.stamp_face.artwork import (
    ALARM,
    CODE_BOTTOM,
    CODE_LEFT,
    CODE_SIDE,
    draw_artwork,
    draw_modules,
)
from meterai.stamping.stamp_face.number_line import draw_number_line
from meterai.stamping.stamp_face.stroke_font import HEIGHT, draw_letters, letters_width

WORD = "CONTOH"
_PALE = "0.700 0.716 0.800"
_MODULES = 41
_EYE = 7
_TURN = 0.7880, 0.6157
"""Cosine and sine of 38 degrees, by which the word is turned."""
_SCALE = 0.94
_BRUSH, _HALO = 2.9, 6.2
"""Width of the word's strokes, and of the white around them."""


@lru_cache(maxsize=1)
def draw_sample() -> str:
    """Draws the sample as plain operators, which need the colour spaces and the font of `artwork`."""
    modules = draw_modules(_modules(), _PALE).decode()
    number = draw_number_line("CONTOH  CONTOH  CONTOH").decode()
    return "\n".join([draw_artwork(specimen=False), modules, number, _word()])


def _modules() -> list[bytes]:
    """Modules by chance, always the same, with empty eyes: nothing that a reader could begin with."""
    noise = b"".join(hashlib.sha256(f"{WORD} {row}".encode()).digest()[:6] for row in range(_MODULES))
    bits = f"{int.from_bytes(noise):0{len(noise) * 8}b}"
    rows = [bytearray(int(bit) for bit in bits[row * 48 : row * 48 + _MODULES]) for row in range(_MODULES)]
    far = _MODULES - _EYE
    for top, left in ((0, 0), (0, far), (far, 0)):
        _blank(rows, top, left)
    return [bytes(row) for row in rows]


def _blank(rows: list[bytearray], top: int, left: int) -> None:
    """Draws an eye without its middle, with a light edge."""
    for y in range(max(0, top - 1), min(_MODULES, top + _EYE + 1)):
        for x in range(max(0, left - 1), min(_MODULES, left + _EYE + 1)):
            depth = min(y - top, x - left, top + _EYE - 1 - y, left + _EYE - 1 - x)
            rows[y][x] = 0 if depth in (0, 1) else 1


def _word() -> str:
    """Draws the word across the place of the code, as a rubber stamp would."""
    cosine, sine = _TURN
    width, height = letters_width(len(WORD), _SCALE), HEIGHT * _SCALE
    middle_x, middle_y = CODE_LEFT + CODE_SIDE / 2, CODE_BOTTOM + CODE_SIDE / 2
    x = middle_x - cosine * width / 2 + sine * height / 2
    y = middle_y - sine * width / 2 - cosine * height / 2
    drawn = [f"q {cosine} {sine} {-sine} {cosine} {x:.2f} {y:.2f} cm"]
    for colour, brush in (("1 1 1", _HALO), (ALARM, _BRUSH)):
        letters = draw_letters(WORD, left=0, bottom=0, scale=_SCALE, stroke=brush).decode()
        drawn.append(f"/C CS {colour} SC\n{letters}")
    return "\n".join([*drawn, "Q"])
