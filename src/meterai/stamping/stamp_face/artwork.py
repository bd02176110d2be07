"""Draws what all visible stamps share: our own neutral design as PDF operators, in a square of 90 units.

We may not draw the state emblem or Peruri's artwork; the issuer gives its own (`given_artwork.py`). The parts
are encoded once; a stamp adds its 2-D code and its serial number (`visible_stamp.py`). No artwork touches the
code or its quiet zone.

A PDF/A file must stay PDF/A (ISO 19005-1 and -2):

- Letters are paths, so that no font has to be embedded.
- Colours are calibrated (`COLOUR_SPACES`), so that they need no output intent.
- Nothing is transparent.

The words lie over their paths again as invisible text, so that they can be searched, selected and read aloud.
The font of invisible text need not be embedded (ISO 19005-2 clause 6.2.11.4.1).
"""

from __future__ import annotations

import math
import re
import zlib
from functools import lru_cache

from meterai.stamping.stamp_face.given_artwork import given_picture
from meterai.stamping.stamp_face.glyphs import OUTLINES, UNITS

SIDE = 90.0
"""Side in units of the drawing. The widget's rectangle scales it, to 90 pt by default."""
COLOURS = (
    b"[ /CalRGB << /WhitePoint [ 0.9505 1 1.089 ] /Gamma [ 2.2 2.2 2.2 ] /Matrix"
    b" [ 0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505 ] >> ]"
)
"""The primaries of sRGB (ISO 32000-1 clause 8.6.5.3). Poppler tints CalGray."""
COLOUR_SPACES = b"<< /C " + COLOURS + b" >>"
"""Colour space `/C` of both forms."""
INK = "0.118 0.141 0.337"
ALARM = "0.757 0.094 0.145"
CODE_LEFT, CODE_BOTTOM, CODE_SIDE = 6.6, 22.6, 49.2
"""The square of the 2-D code, without its quiet zone."""
NUMBER_STRIP = (3.6, 2.8, 82.8, 7.2)
"""Left, bottom, width and height of the strip in which the serial number stands."""
PICTURE = "/Picture"
"""Name of the issuer's picture in the resources of a form."""

_TINT = "0.925 0.933 0.965"
_LINE = "0.690 0.718 0.839"
_MODULE = 1.2
_QUIET_MODULES = 4
_DARK = re.compile(rb"\x00+")


def standard_font(name: str) -> bytes:
    """A font resource `/T` of one of the 14 fonts that every reader has."""
    return (
        b"<< /T << /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >> >>" % name.encode()
    )


ARTWORK_FONT = standard_font("Helvetica-Bold")
"""Font `/T` of the invisible text in `artwork`."""


@lru_cache(maxsize=2)
def artwork(*, specimen: bool) -> bytes:
    """Draws what all stamps share, Flate-packed."""
    return zlib.compress(draw_artwork(specimen=specimen).encode(), 9)


def draw_artwork(*, specimen: bool) -> str:
    """Draws what all stamps share, as plain operators."""
    if given_picture():
        parts = [_given(), _field(), _number_strip(), *_unseen_words()]
    else:
        parts = [_ground(), *_braids(), _frame(), _heading(), _words(), _value(specimen=specimen)]
    if specimen:
        parts.append(_specimen_band())
    return "\n".join(parts)


def draw_modules(rows: list[bytes], colour: str) -> bytes:
    """Draws the dark modules (zeros) of a 2-D code as one path, which readers fill without seams.

    `rows` from the top.
    """
    unit = CODE_SIDE / len(rows)
    place = f"q {unit:.5f} 0 0 {unit:.5f} {CODE_LEFT} {CODE_BOTTOM} cm /C cs {colour} sc\n"
    return f"{place}{_dark_runs(rows)}f Q\n".encode()


def _dark_runs(rows: list[bytes]) -> str:
    """Makes one rectangle for each run of dark modules."""
    found = []
    for y, row in enumerate(reversed(rows)):
        for run in _DARK.finditer(row):
            start, end = run.span()
            found.append(f"{start} {y} {end - start} 1 re\n")
    return "".join(found)


def _text(
    content: str, *, size: float, x: float, y: float, spacing: float = 0.0, upright: bool = True
) -> str:
    """Draws letters as paths in the current colour, and again as invisible text."""
    scale = size / UNITS
    turn = f"{scale:.5f} 0 0 {scale:.5f}" if upright else f"0 {scale:.5f} {-scale:.5f} 0"
    parts = [f"q {turn} {x:.2f} {y:.2f} cm"]
    for letter in content:
        width, path = OUTLINES[letter]
        parts += [f"{path} f"] if path else []
        parts.append(f"1 0 0 1 {width + spacing / scale:.0f} 0 cm")
    direction = "1 0 0 1" if upright else "0 1 -1 0"
    unseen = f"BT 3 Tr /T {size} Tf {spacing} Tc {direction} {x:.2f} {y:.2f} Tm ({content}) Tj ET"
    return "\n".join([*parts, "Q", unseen])


def _text_width(content: str, size: float, spacing: float = 0.0) -> float:
    return sum(OUTLINES[letter][0] for letter in content) * size / UNITS + spacing * (len(content) - 1)


def _centred(content: str, *, size: float, y: float, spacing: float) -> str:
    x = (SIDE - _text_width(content, size, spacing)) / 2
    return _text(content, size=size, x=x, y=y, spacing=spacing)


def _ground() -> str:
    return f"/C cs {_TINT} sc 0 0 90 90 re f"


def _braids() -> list[str]:
    """Draws fine lines that a copier smears: two braids of waves behind the value, beside the code."""
    lines = [f"q /C CS {_LINE} SC 0.2 w 60.6 17.4 27.8 59.2 re W n"]
    for phase in range(7):
        lines.append(_wave(phase * math.pi / 7, reach=10.5, swell=3.2, turns=2.0))
        lines.append(_wave(phase * math.pi / 7, reach=5.0, swell=-3.0, turns=3.0))
    return [*lines, "Q"]


def _wave(phase: float, *, reach: float, swell: float, turns: float) -> str:
    """Draws a wave up the column, in straight pieces shorter than a printer's dot is wide."""
    points = []
    for step in range(75):
        share = step / 74
        width = reach + swell * math.cos(math.tau * share * 2)
        x = 74.5 + width * math.sin(math.tau * turns * share + phase)
        points.append(f"{x:.1f} {17.4 + 59.2 * share:.1f}")
    return points[0] + " m " + " l ".join(points[1:]) + " l S"


def _given() -> str:
    """Draws the issuer's picture over the whole square."""
    return f"q {SIDE:g} 0 0 {SIDE:g} 0 0 cm {PICTURE} Do Q"


def _number_strip() -> str:
    """Draws the ground of the serial number, which must be legible on every picture."""
    left, bottom, width, height = NUMBER_STRIP
    return f"/C cs 1 1 1 sc {left} {bottom} {width} {height} re f"


def _unseen_words() -> list[str]:
    """Writes the words of the law invisibly: a picture can't be searched or read aloud."""
    words = ("METERAI ELEKTRONIK", "SEPULUH RIBU RUPIAH", "10000")
    return [f"BT 3 Tr /T 5 Tf 5 {y} Td ({text}) Tj ET" for text, y in zip(words, (80, 11, 16), strict=True)]


def _field() -> str:
    """Draws the ground of the 2-D code and its quiet zone."""
    field = CODE_SIDE + 2 * _QUIET_MODULES * _MODULE
    left, bottom = CODE_LEFT - _QUIET_MODULES * _MODULE, CODE_BOTTOM - _QUIET_MODULES * _MODULE
    return f"/C cs 1 1 1 sc {left:.2f} {bottom:.2f} {field:.2f} {field:.2f} re f"


def _frame() -> str:
    return f"{_field()}\n/C CS {INK} SC 0.9 w 0.45 0.45 89.1 89.1 re S 0.25 w 1.6 1.6 86.8 86.8 re S"


def _heading() -> str:
    bar = f"/C cs {INK} sc 1.6 77.6 86.8 10.8 re f"
    return f"{bar}\n/C cs 1 1 1 sc\n" + _centred("METERAI ELEKTRONIK", size=6.7, y=80.6, spacing=0.26)


def _words() -> str:
    return f"/C cs {INK} sc\n" + _centred("SEPULUH RIBU RUPIAH", size=5.5, y=11.4, spacing=0.42)


def _value(*, specimen: bool) -> str:
    size, right = (15.6, 74.6) if specimen else (20.0, 81.6)
    y = 47.0 - _text_width("10000", size) / 2
    return f"/C cs {INK} sc\n" + _text("10000", size=size, x=right, y=y, upright=False)


def _specimen_band() -> str:
    y = 47.0 - _text_width("SPESIMEN", 8.8, 0.55) / 2
    band = f"/C cs {ALARM} sc 77.4 18.6 9.8 56.8 re f /C cs 1 1 1 sc"
    return f"{band}\n" + _text("SPESIMEN", size=8.8, x=85.4, y=y, spacing=0.55, upright=False)
