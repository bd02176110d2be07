"""A ticket's link as a QR code in few bytes: the page with it is one small answer."""

from __future__ import annotations

import re

import zxingcpp

_SIDE_MAX = 177
_RUNS = re.compile(r"d+|l+|\n")
_STEPS = {"\n": "\n"} | {
    letter * length: step.format(length)
    for letter, step in (("d", "h{}"), ("l", "m{} 0"))
    for length in range(1, _SIDE_MAX + 1)
}
"""A run of dark modules is a line, one of light ones a move."""
_LETTERS = bytes(ord("d") if shade < 128 else ord("l") for shade in range(256))


def qr_svg(text: str) -> str:
    """An SVG picture of a QR code (ISO/IEC 18004, level L) with its quiet zone: one line drawn row by row."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    matrix = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))
    side = matrix.shape[0] if matrix.shape else 0
    modules = matrix.tobytes().translate(_LETTERS).decode()
    rows = "\n".join(modules[start : start + side] for start in range(0, side * side, side))
    path = "m4 4.5" + "".join(map(_STEPS.__getitem__, _RUNS.findall(rows))).replace("\n", f"m-{side} 1")
    whole = side + 8
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" '
        f'aria-hidden="true" shape-rendering="crispEdges"><path fill="none" stroke="#000" d="{path}"/></svg>'
    )
