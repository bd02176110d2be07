"""QR codes (ISO/IEC 18004, level L) of tickets' links, as small PNG pictures.

The links of an event differ in their ticket only. Under one fixed mask a QR code is linear: a bit that
changes in the text always changes the same dots. So zxing-cpp draws, once for each link prefix, what each bit
of a ticket changes. The code of a ticket is the XOR of these pictures. To draw each code with the library
would break the limit on what a wait page costs (docs/decisions/0016).
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import zxingcpp

from meterai.waiting_room.rules.tickets import TEXT_LENGTH

_MASK = 3
_BITS_OF_SHADES = bytes(ord("0") if shade < 128 else ord("1") for shade in range(256))
_LETTER = ord("a")
"""All letters of the ticket that is drawn first. It is small, because the encoder packs runs of capitals and
digits in another way."""
_TRIED = tuple((first + second) * (TEXT_LENGTH // 2) for first, second in ("Xk", "-z", "7_", "qB"))
"""Tickets whose composed codes are compared with the library's before any is shown."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A code as the rows of a PNG picture, in one number: a filter byte, then one bit a dot (0 is dark)."""

    side: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts from which the codes of one link prefix are composed."""

    first: _Picture
    changes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    """For each letter of a ticket: what each value of its lower four bits changes, and of its upper three."""

    def compose(self, ticket: str) -> _Picture:
        rows = self.first.rows
        for (lower, upper), letter in zip(self.changes, ticket.encode("ascii"), strict=True):
            rows ^= lower[letter & 15] ^ upper[letter >> 4]
        return _Picture(self.first.side, rows)


def code_image(prefix: str, ticket: str) -> str:
    """Returns an `<img>` with the code of a ticket's link and its quiet zone, one dot a module.

    `prefix`: the link up to the ticket. The first code of a prefix takes 0.1 s.
    """
    png = _png(_picture(prefix, ticket))
    return f'<img class="qr" alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


@lru_cache(4_096)  # most people load their page again when their window is drawn; 0.8 kB each
def _picture(prefix: str, ticket: str) -> _Picture:
    parts = _parts(prefix)
    return parts.compose(ticket) if parts else _draw(prefix + ticket)


@lru_cache(32)
def _parts(prefix: str) -> _Parts | None:
    """The parts for a prefix; None when composed codes differ from the library's, which then draws each."""
    first = _draw(prefix + chr(_LETTER) * TEXT_LENGTH)
    parts = _Parts(first, tuple(_changes(prefix, at, first.rows) for at in range(TEXT_LENGTH)))
    is_right = all(parts.compose(ticket) == _draw(prefix + ticket) for ticket in _TRIED)
    return parts if is_right else None


def _changes(prefix: str, at: int, first: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What another letter at this position of a ticket changes, compared with the first letter."""
    bits = []
    for bit in range(7):
        text = bytearray([_LETTER]) * TEXT_LENGTH
        text[at] ^= 1 << bit
        bits.append(_draw(prefix + text.decode()).rows ^ first)

    def of(changed_bits: int) -> int:
        rows = 0
        for bit, dots in enumerate(bits):
            rows ^= dots if changed_bits >> bit & 1 else 0
        return rows

    lower = tuple(of(value ^ (_LETTER & 0x0F)) for value in range(16))
    return lower, tuple(of(value << 4 ^ (_LETTER & 0x70)) for value in range(8))


def _draw(link: str) -> _Picture:
    """The code of a link as zxing-cpp draws it."""
    barcode = zxingcpp.create_barcode(
        link, zxingcpp.BarcodeFormat.QRCode, ec_level="L", data_mask=_MASK
    ).to_image(scale=1)
    side, bits = barcode.shape[0], bytes(barcode).translate(_BITS_OF_SHADES)
    padding = b"1" * (-side % 8)
    rows = b"".join([b"00000000" + bits[at : at + side] + padding for at in range(0, side * side, side)])
    return _Picture(side, int(rows, 2))


def _png(picture: _Picture) -> bytes:
    """A PNG file (ISO/IEC 15948) of one bit a dot. It is not compressed: that would save 15 % of 0.5 kB and
    take longer than all the rest."""
    side = picture.side
    raw = picture.rows.to_bytes(side * (1 + -(-side // 8)), "big")
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
        (b"IDAT", _stored(raw)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _stored(raw: bytes) -> bytes:
    """The zlib stream (RFC 1950) of one stored block (RFC 1951, 3.2.4). `raw`: up to 65,535 bytes."""
    size = struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF)
    return b"\x78\x01\x01" + size + raw + struct.pack(">I", zlib.adler32(raw))
