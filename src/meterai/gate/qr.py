"""A ticket's link as a QR code in few bytes: the page with it is one small answer."""

from __future__ import annotations

import re

import zxingcpp

_RUNS = re.compile(r"d+|l+")
_LETTERS = bytes(ord("d") if shade < 128 else ord("l") for shade in range(256))
_TURN = "lll"
"""From the end of a row to the start of the next: a light module, the step down, a light module."""


def qr_svg(text: str) -> str:
    """An SVG picture of a QR code (ISO/IEC 18004, level L) with its quiet zone.

    One line goes through all rows, to the right and back, and is drawn in dashes: half the bytes of squares.
    """
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    matrix = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))
    side = matrix.shape[0] if matrix.shape else 0
    modules = matrix.tobytes().translate(_LETTERS).decode()
    rows = [modules[start : start + side] for start in range(0, side * side, side)]
    rows[1::2] = [row[::-1] for row in rows[1::2]]
    dashes = " ".join([str(len(run)) for run in _RUNS.findall(_TURN.join(rows) + "l")])
    there, back = f"v1h{side + 2}", f"v1h-{side + 2}"
    path = f"M4 4.5h{side + 1}{(back + there) * (side // 2)}"
    whole = side + 8
    return (
        f'<svg class="qr" viewBox="0 0 {whole} {whole}" aria-hidden="true" shape-rendering="crispEdges">'
        f'<path fill="none" stroke="#000" stroke-dasharray="{dashes}" d="{path}"/></svg>'
    )
