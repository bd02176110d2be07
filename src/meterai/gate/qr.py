"""Tickets' links as QR codes (ISO/IEC 18004, level L), in few bytes and little time."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache

import zxingcpp

_MASK = 3
"""Always the same of the eight: choosing one takes seven times as long (docs/decisions/0016)."""
_DIGITS = bytes(ord("0") if shade < 128 else ord("1") for shade in range(256))


@lru_cache(4_096)  # most look at their page again soon: when their window is drawn
def code_image(link: str) -> str:
    """An `<img>` with the code of a link and its quiet zone: a PNG picture of one dot a module."""
    barcode = zxingcpp.create_barcode(
        link, zxingcpp.BarcodeFormat.QRCode, ec_level="L", data_mask=_MASK
    ).to_image(scale=1)
    side, digits = barcode.shape[0], bytes(barcode).translate(_DIGITS)
    padding = b"1" * (-side % 8)
    rows = b"".join(
        [b"00000000" + digits[at : at + side] + padding for at in range(0, side * side, side)]
    )  # a byte for the filter (none), then a bit a dot, 0 for dark
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)  # one bit a dot, grey
    packed = _stored(int(rows, 2).to_bytes(len(rows) // 8, "big"))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )
    return f'<img class="qr" alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _stored(raw: bytes) -> bytes:
    """As zlib data (RFC 1950) of one stored block (RFC 1951, 3.2.4), up to 65,535 bytes.

    A code's dots hardly compress (85 %), and setting up the compressor takes longer than all the rest.
    """
    size = struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF)
    return b"\x78\x01\x01" + size + raw + struct.pack(">I", zlib.adler32(raw))
