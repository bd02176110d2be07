"""QR codes as SVG, drawn in one path so that a page stays small."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

import zxingcpp


@lru_cache(maxsize=256)  # the page that waits for a payment shows the same code each time it looks
def qr_svg(text: str) -> str:
    """An SVG picture of a QR code for `text`, with the quiet zone of four modules (ISO/IEC 18004)."""
    matrix = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(
        scale=1, add_quiet_zones=False
    )
    rows = [bytes(row) for row in memoryview(matrix).tolist()]
    side = len(rows) + 8
    path = "".join(
        f"M{start + 4} {y + 4}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" '
        f'aria-hidden="true"><path fill="#000" d="{path}"/></svg>'
    )


def _runs(row: bytes) -> list[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    found, x = [], 0
    for dark, group in groupby(row, key=lambda value: value < 128):
        length = len(list(group))
        if dark:
            found.append((x, length))
        x += length
    return found
