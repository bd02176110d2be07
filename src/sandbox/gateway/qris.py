"""The content of a QRIS code: EMV QR Code, merchant-presented mode (EMVCo v1.1, QRIS national format)."""

from __future__ import annotations

import binascii

from meterai.kit.formats.qr import qr_png, qr_svg


def qris_payload(*, amount: int, order_id: str) -> str:
    """A dynamic code over `amount` rupiah. The acquirer's domain is nobody's: no real wallet can pay it."""
    account = _field("00", "ID.SANDBOX.WWW") + _field("01", "936000000000000000") + _field("03", "UMI")
    national = _field("00", "ID.CO.QRIS.WWW") + _field("02", "ID0000000000000") + _field("03", "UMI")
    text = (
        _field("00", "01")
        + _field("01", "12")
        + _field("26", account)
        + _field("51", national)
        + _field("52", "9399")
        + _field("53", "360")
        + _field("54", str(amount))
        + _field("58", "ID")
        + _field("59", "METERAI SANDBOX")
        + _field("60", "JAKARTA")
        + _field("61", "10110")
        + _field("62", _field("01", order_id[:25]))
        + "6304"
    )
    return f"{text}{crc16(text.encode()):04X}"


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF), EMVCo section 4.7.3."""
    return binascii.crc_hqx(data, 0xFFFF)


def svg(text: str) -> str:
    """Returns the code as an SVG element for a page."""
    return qr_svg(text, level="M").replace('aria-hidden="true"', 'role="img" aria-label="QRIS"')


def png(text: str) -> bytes:
    """Returns the code as a PNG picture, as Midtrans gives it."""
    return qr_png(text, level="M", dots=6)


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"
