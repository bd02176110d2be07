"""Reads a QR code's content from its picture."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

_SIDE_MAX = 2048
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
"""Other kinds are seen among the dots of a QR code by chance, now and then."""


def read_qr_image(png: bytes) -> str:
    """The text in the QR code of a PNG picture; empty when there is none or the picture is unreadable."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if max(picture.size) > _SIDE_MAX:
                return ""
            found = zxingcpp.read_barcodes(picture.convert("L"), formats=_QR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""
    return str(found[0].text) if found else ""
