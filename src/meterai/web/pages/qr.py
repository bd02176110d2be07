"""QR codes: as SVG, drawn in one path so that a page stays small, and as a file to keep."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

import zxingcpp

from meterai.kit.formats.png import grey_png

_QUIET = 4
"""Modules of quiet zone (ISO/IEC 18004)."""
_MASK = 3
"""Always the same of the eight: choosing one takes seven times as long (docs/decisions/0016)."""
_RUN = re.compile(rb"\x00+|\xff+")
_MODULES_MAX = 177
_STROKES = {b"\x00" * n: f"h{n}" for n in range(1, _MODULES_MAX + 1)} | {
    b"\xff" * n: f"m{n} 0" for n in range(1, _MODULES_MAX + 1)
}
"""A run of dark modules is a stroke, one of light modules a move."""


@lru_cache(maxsize=256)  # a page that is loaded again shows the same code
def qr_svg(text: str) -> str:
    """An SVG picture of a QR code for `text`, with its quiet zone.

    It brings its own white ground: with high contrast or in the dark a browser takes the page's away.
    """
    matrix = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, data_mask=_MASK).to_image(
        scale=1, add_quiet_zones=False
    )
    modules, side = bytes(matrix), matrix.shape[0]  # a byte each, 0 is dark
    path = "".join(
        f"M{_QUIET} {y + _QUIET}.5"
        + "".join([_STROKES[run] for run in _RUN.findall(modules, y * side, (y + 1) * side)])
        for y in range(side)
    )
    whole = side + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges" '
        f'aria-hidden="true"><path fill="#fff" d="M0 0h{whole}v{whole}H0z"/>'
        f'<path stroke="#000" d="{path}"/></svg>'
    )


_DOTS = 12
"""A module's side in the picture, in dots: what a banking app reads from the gallery."""


def qr_png(text: str) -> bytes:
    """The same code as a PNG picture, large enough to be read from a gallery."""
    image = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, data_mask=_MASK).to_image(
        scale=_DOTS, add_quiet_zones=True
    )
    height, width = image.shape
    dots = bytes(image)
    rows = b"".join(b"\0" + dots[y * width : (y + 1) * width] for y in range(height))
    return grey_png(width, height, zlib.compress(rows), bits=8)
