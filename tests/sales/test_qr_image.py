"""The code of a payment, read from the picture that a gateway serves."""

from __future__ import annotations

import io

import zxingcpp
from PIL import Image

from meterai.sales.in_jail.qr_image import read_qr_image
from meterai.sales.qr_image import QrImage, QrImageRequest

QRIS = "00020101021226620014COM.GO-JEK.WWW5204739953033605802ID5907Meterai6304ABCD"


def drawn(text: str, kind: zxingcpp.BarcodeFormat) -> Image.Image:
    return Image.fromarray(zxingcpp.create_barcode(text, kind).to_image(scale=4))


def test_another_kind_of_code_in_the_picture_is_not_what_is_paid_by() -> None:
    bars, code = (
        drawn("1234567890", zxingcpp.BarcodeFormat.Code128),
        drawn(QRIS, zxingcpp.BarcodeFormat.QRCode),
    )
    picture = Image.new("L", (max(bars.width, code.width), bars.height + code.height + 40), 255)
    picture.paste(bars, (0, 0))
    picture.paste(code, (0, bars.height + 40))
    assert {found.text for found in zxingcpp.read_barcodes(picture)} == {"1234567890", QRIS}
    assert read_qr_image(QrImageRequest(png(picture))) == QrImage(QRIS)
    assert read_qr_image(QrImageRequest(png(bars))) == QrImage("")


def test_what_is_no_picture_holds_no_code() -> None:
    assert read_qr_image(QrImageRequest(b"<html>")) == QrImage("")


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
