"""Draws the lowest line of a stamp, where its serial number stands."""

from __future__ import annotations

from meterai.kernel.serial_number import LENGTH
from meterai.stamping.stamp_face.artwork import INK, SIDE
from meterai.stamping.stamp_face.stroke_font import ADVANCE, draw_letters, letters_width

LETTER_SCALE, LETTER_STROKE = 0.32, 0.62
LETTER_STEP = ADVANCE * LETTER_SCALE
"""Distance between the starts of two letters, in units of the stamp."""
LETTERS_LEFT = round((SIDE - letters_width(LENGTH, LETTER_SCALE)) / 2, 2)
LETTERS_BOTTOM = 4.4
UNSEEN_SIZE = round(LETTER_STEP / 0.6, 2)
"""Size at which letters of Courier, each 0.6 wide, lie over the drawn ones."""


def draw_number_line(text: str) -> bytes:
    """Returns the operators that draw a text as long as a serial number in the stamp's ink."""
    letters = draw_letters(
        text, left=LETTERS_LEFT, bottom=LETTERS_BOTTOM, scale=LETTER_SCALE, stroke=LETTER_STROKE
    )
    return f"/C CS {INK} SC\n".encode() + letters
