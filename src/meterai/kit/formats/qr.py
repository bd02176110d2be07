"""QR codes (ISO/IEC 18004) as pictures: SVG for pages, PNG for files and data addresses.

Every code gets mask 3. An encoder that may choose one of the eight masks takes seven times as long, and
readers read its codes no better (docs/decisions/0016).
"""

from __future__ import annotations

import io
from typing import Literal

import zxingcpp
from PIL import Image

type Level = Literal["L", "M", "Q", "H"]
"""Error correction: the code survives the loss of about 7, 15, 25 or 30 % of its area."""

_MASK = 3


def qr_svg(text: str, *, level: Level) -> str:
    """Returns an `<svg>` element with the code and its quiet zone.

    It has a white ground of its own, because browsers with high contrast or a dark mode take the page's away.
    It has no fixed size: the style of the page decides.
    """
    document: str = _code(text, level).to_svg()
    element = document[document.index("<svg") :].rstrip()
    side = element.split('width="', 1)[1].split('"', 1)[0]
    sized = f'<svg width="{side}" height="{side}"'
    scalable = f'<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges" aria-hidden="true"'
    return element.replace(sized, scalable, 1)


def qr_png(text: str, *, level: Level, dots: int) -> bytes:
    """Returns a PNG file with the code and its quiet zone. `dots`: the side of a module, in pixels."""
    picture = _code(text, level).to_image(scale=dots)
    height, width = picture.shape
    file = io.BytesIO()
    black_and_white = Image.frombytes("L", (width, height), bytes(picture)).convert("1")
    black_and_white.save(file, "PNG")
    return file.getvalue()


def _code(text: str, level: Level) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level, data_mask=_MASK)
