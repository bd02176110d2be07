"""PNG pictures in grey (ISO/IEC 15948), for codes that are drawn dot by dot."""

from __future__ import annotations

import struct
import zlib


def grey_png(width: int, height: int, packed: bytes, *, bits: int) -> bytes:
    """A picture of these rows. `packed`: each row behind its filter byte, as a zlib stream; `bits` a dot."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)),
        (b"IDAT", packed),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
