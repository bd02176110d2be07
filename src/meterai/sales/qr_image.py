"""The request to the jail about the picture of a QR code, which a payment gateway sent, and its answer."""

from __future__ import annotations

import msgspec

READ_QR_IMAGE = "meterai.sales.in_jail.qr_image:read_qr_image"


class QrImageRequest(msgspec.Struct, frozen=True):
    """Asks for the text in the QR code of a PNG picture."""

    png: bytes


class QrImage(msgspec.Struct, frozen=True):
    """The text; empty when there is none or the picture is unreadable."""

    text: str
