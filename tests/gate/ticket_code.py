"""Reads QR codes, as a phone's camera does."""

from __future__ import annotations

import base64
import io
import re

import zxingcpp
from PIL import Image


def read_code(page: str) -> str:
    """The text in the QR code of a page."""
    found = re.search(r'<img class="qr" alt="" src="data:image/png;base64,([^"]+)">', page)
    assert found, "no code"
    picture = Image.open(io.BytesIO(base64.b64decode(found[1])))
    picture.load()
    large = picture.convert("L").resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    (code,) = zxingcpp.read_barcodes(large, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(code.text)
