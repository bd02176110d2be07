"""QR codes as SVG, drawn in one path so that a page stays small."""

from __future__ import annotations

import re
from functools import lru_cache

import zxingcpp

_QUIET = 4
"""Modules of quiet zone (ISO/IEC 18004)."""
_DARK = re.compile(rb"\x00+")


@lru_cache(maxsize=256)  # the page that waits for a payment shows the same code each time it looks
def qr_svg(text: str) -> str:
    """An SVG picture of a QR code for `text`, with its quiet zone: each run of dark modules is a stroke."""
    matrix = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(
        scale=1, add_quiet_zones=False
    )
    modules, side = bytes(matrix), matrix.shape[0]  # a byte each, 0 is dark
    path = "".join(
        f"M{run.start() - y * side + _QUIET} {y + _QUIET}.5h{run.end() - run.start()}"
        for y in range(side)
        for run in _DARK.finditer(modules, y * side, (y + 1) * side)
    )
    whole = side + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges" '
        f'aria-hidden="true"><path stroke="#000" d="{path}"/></svg>'
    )
