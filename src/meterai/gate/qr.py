"""A ticket's link as a QR code in few bytes: the page with it is one small answer."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

import zxingcpp


@lru_cache(maxsize=2_048)  # a page without a script is fetched again and again by the same person
def qr_svg(text: str) -> str:
    """An SVG picture of a QR code (ISO/IEC 18004, level L) with its quiet zone: one line drawn row by row."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    matrix = barcode.to_image(scale=1, add_quiet_zones=False)
    rows = [bytes(row) for row in memoryview(matrix).tolist()]
    side = len(rows) + 8
    path = "m4 4.5" + "m0 1".join(_row(row) for row in rows)
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" aria-hidden="true" '
        f'shape-rendering="crispEdges"><path fill="none" stroke="#000" d="{path}"/></svg>'
    )


def _row(row: bytes) -> str:
    """Dark runs as lines, light ones as moves, and back to the start of the row."""
    steps = []
    for dark, group in groupby(row, key=lambda value: value < 128):
        length = len(list(group))
        steps.append(f"h{length}" if dark else f"m{length} 0")
    return "".join(steps) + f"m-{len(row)} 0"
