"""Draws a visible stamp: its 2-D code and its serial number over the artwork that all stamps share."""

from __future__ import annotations

import zlib
from functools import lru_cache

import zxingcpp

from meterai.kernel.serial_number import SerialNumber
from meterai.stamping.stamp_face.artwork import draw_modules, standard_font
from meterai.stamping.stamp_face.number_line import (
    LETTERS_BOTTOM,
    LETTERS_LEFT,
    UNSEEN_SIZE,
    draw_number_line,
)

STAMP_FONT = standard_font("Courier-Bold")
"""Font `/T` of the invisible text in `draw_stamp`."""

_DATA_MASK = 2
"""Fixed mask, one of eight (clause 7.8). Trying all of them takes nine tenths of an encoder's work.

A stamp's text is mostly a signature, which is equally even under every mask. Blurred and noisy pictures of
codes with this mask were read as often as those with the mask that the encoder would choose.
"""


@lru_cache(maxsize=4)
def draw_stamp(serial: SerialNumber, code: str) -> bytes:
    """Draws this stamp's own part, code and serial number, as a Flate-packed content stream.

    It draws the form `/Art` (see `artwork`) first. Both need the colour spaces of `COLOUR_SPACES`. Results
    are cached, since every upload is measured with the same dummy serial.
    """
    unseen = f"BT 3 Tr /T {UNSEEN_SIZE} Tf {LETTERS_LEFT} {LETTERS_BOTTOM} Td ({serial}) Tj ET"
    drawing = (
        b"/Art Do\n" + draw_modules(stamp_modules(code), "0 0 0") + draw_number_line(serial) + unseen.encode()
    )
    return zlib.compress(drawing, 4)  # 6 takes twice the time and saves 100 bytes


def stamp_modules(code: str) -> list[bytes]:
    """Makes the 2-D code (ISO/IEC 18004, level M).

    Returns its rows from the top, a byte for each module; dark modules are zeros.
    """
    symbol = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="M", data_mask=_DATA_MASK)
    picture = memoryview(symbol.to_image(scale=1, add_quiet_zones=False))
    assert picture.shape is not None
    rows, columns = picture.shape[:2]
    modules = picture.tobytes()
    return [modules[row * columns : (row + 1) * columns] for row in range(rows)]
