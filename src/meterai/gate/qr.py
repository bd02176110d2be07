"""Tickets' links as QR codes (ISO/IEC 18004, level L), in few bytes and little time.

Under one mask a QR code is linear: another letter in its text flips always the same dots, whatever the other
letters are, as long as the encoder packs all of them as bytes. The links of an event differ in their ticket
alone. So the library draws what each bit of a ticket flips, once for an event and language, and a ticket's
code is put together from that: a quarter of the time (docs/decisions/0016).
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import zxingcpp

from meterai.kit.formats.png import grey_png
from meterai.waiting_room.rules.tickets import TEXT_LENGTH

_MASK = 3
"""Always the same of the eight: choosing one takes seven times as long (docs/decisions/0016)."""
_DIGITS = bytes(ord("0") if shade < 128 else ord("1") for shade in range(256))
_LETTER = ord("a")
"""Of the ticket that is drawn first. Small letters: runs of capitals and digits are packed more densely."""
_TRIED = tuple((first + second) * (TEXT_LENGTH // 2) for first, second in ("Xk", "-z", "7_", "qB"))
"""Tickets by which it is tried whether the codes of a link are alike."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """Rows of a PNG picture, of one bit a dot (0 is dark), as one number."""

    side: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Codes:
    """What is known of the codes of the links with one prefix."""

    first: _Picture
    flips: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    """For each letter: what the values of its lower four bits flip, and those of its upper ones."""

    def picture(self, ticket: str) -> _Picture:
        rows = self.first.rows
        for (lower, upper), letter in zip(self.flips, ticket.encode("ascii"), strict=True):
            rows ^= lower[letter & 15] ^ upper[letter >> 4]
        return _Picture(self.first.side, rows)


def code_image(prefix: str, ticket: str) -> str:
    """An `<img>` with the code of a ticket's link and its quiet zone: a PNG picture of one dot a module.

    `prefix`: the link up to the ticket. The first code of a prefix takes 0.1 s.
    """
    picture = _picture(prefix, ticket)
    side, size = picture.side, picture.side * (1 + -(-picture.side // 8))
    png = grey_png(side, side, _stored(picture.rows.to_bytes(size, "big")), bits=1)
    return f'<img class="qr" alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


@lru_cache(4_096)  # most look at their page again soon, when their window is drawn; 0.8 kB each
def _picture(prefix: str, ticket: str) -> _Picture:
    codes = _codes(prefix)
    return codes.picture(ticket) if codes else _drawn(prefix + ticket)


@lru_cache(32)
def _codes(prefix: str) -> _Codes | None:
    """None: the codes of such links are not alike, and the library draws each."""
    first = _drawn(prefix + chr(_LETTER) * TEXT_LENGTH)
    codes = _Codes(first, tuple(_flips(prefix, at, first.rows) for at in range(TEXT_LENGTH)))
    are_alike = all(codes.picture(ticket) == _drawn(prefix + ticket) for ticket in _TRIED)
    return codes if are_alike else None


def _flips(prefix: str, at: int, first: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What another letter at this place of a ticket flips, against the first letter."""
    bits = []
    for bit in range(7):
        text = bytearray([_LETTER]) * TEXT_LENGTH
        text[at] ^= 1 << bit
        bits.append(_drawn(prefix + text.decode()).rows ^ first)

    def by(differing: int) -> int:
        flipped = 0
        for bit, dots in enumerate(bits):
            flipped ^= dots if differing >> bit & 1 else 0
        return flipped

    lower = tuple(by(value ^ (_LETTER & 0x0F)) for value in range(16))
    return lower, tuple(by(value << 4 ^ (_LETTER & 0x70)) for value in range(8))


def _drawn(link: str) -> _Picture:
    barcode = zxingcpp.create_barcode(
        link, zxingcpp.BarcodeFormat.QRCode, ec_level="L", data_mask=_MASK
    ).to_image(scale=1)
    side, digits = barcode.shape[0], bytes(barcode).translate(_DIGITS)
    padding = b"1" * (-side % 8)
    rows = b"".join(
        [b"00000000" + digits[at : at + side] + padding for at in range(0, side * side, side)]
    )  # a byte for the filter (none), then a bit a dot, 0 for dark
    return _Picture(side, int(rows, 2))


def _stored(raw: bytes) -> bytes:
    """As zlib data (RFC 1950) of one stored block (RFC 1951, 3.2.4), up to 65,535 bytes.

    A code's dots hardly compress (85 %), and setting up the compressor takes longer than all the rest.
    """
    size = struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF)
    return b"\x78\x01\x01" + size + raw + struct.pack(">I", zlib.adler32(raw))
