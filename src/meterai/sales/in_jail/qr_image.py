"""Reads a QR code's content from its picture."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from meterai.sales.qr_image import QrImage, QrImageRequest

_SIDE_MAX = 2048
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
"""Other kinds are seen among the dots of a QR code by chance, now and then."""


def read_qr_image(request: QrImageRequest) -> QrImage:
    """The text in the QR code of a picture."""
    try:
        with Image.open(io.BytesIO(request.png), formats=["PNG"]) as picture:
            if max(picture.size) > _SIDE_MAX:
                return QrImage("")
            found = zxingcpp.read_barcodes(picture.convert("L"), formats=_QR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return QrImage("")
    return QrImage(str(found[0].text) if found else "")
