"""Tickets' links as QR codes (ISO/IEC 18004, level L), in few bytes and little time.

A QR code is linear: flipping one bit of its text flips always the same modules, whatever the other bits are,
as long as the mask stays. The links of an event differ in their 128 last characters alone. So after a few
codes drawn by the library, which show for each bit what it flips, any further one is a few hundred XORs:
50 us in place of 650. Whether that is true here is tried on further tickets before it is relied upon.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import zxingcpp

from meterai.waiting_room.tickets import TEXT_LENGTH

QUIET: Final = 4
"""Light modules around the code."""
WORTH_CODES: Final = 50
_BITS: Final = range(7)
"""Of a character: tickets are ASCII."""
_DIGITS = bytes(ord("1") if shade < 128 else ord("0") for shade in range(256))
_MASKS: Final[Sequence[Callable[[int, int], bool]]] = (
    lambda row, column: (row + column) % 2 == 0,
    lambda row, column: row % 2 == 0,
    lambda row, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: row * column % 2 + row * column % 3 == 0,
    lambda row, column: (row * column % 2 + row * column % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2 == 0,
)
"""ISO/IEC 18004:2015, 7.8.2."""


def _sample(number: int) -> str:
    """A made-up ticket, with a small letter at every other place: the library packs longer runs of capitals
    and digits more densely, and codes with such runs are not alike."""
    raw = b"".join(hashlib.sha256(bytes([number, part])).digest() for part in range(3))
    text = base64.urlsafe_b64encode(raw).decode()
    pairs = zip(text[::2], text[1::2], strict=True)
    return "".join(one + (other.lower() if other.isalpha() else "k") for one, other in pairs)


_SAMPLES: Final = tuple(_sample(number) for number in range(4))


class TicketCodes:
    """The QR codes of one kind of link: `prefix` and then a ticket."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._drawn = 0
        self._is_tried = False
        self._side = 0
        self._base = 0
        """The picture of the first sample's code."""
        self._flips: Sequence[Sequence[int]] = ()
        """By character and bit: which dots of the picture it flips."""

    @property
    def is_learned(self) -> bool:
        """Whether codes are quick by now."""
        return bool(self._flips)

    @property
    def is_worth_learning(self) -> bool:
        """Many were drawn, and it has not been tried yet."""
        return self._drawn >= WORTH_CODES and not self._is_tried

    def image(self, ticket: str) -> str:
        """An `<img>` with the code of a ticket's link: a PNG picture of one dot a module."""
        if self._flips:
            return _image(self._picture(ticket, self._flips), self._side)
        self._drawn += 1
        modules, side = _drawn(self._prefix + ticket)
        return _image(_laid_out(modules, side, light=True), side)

    def learn(self) -> None:
        """Finds out what each bit flips: 900 codes, half a second of CPU. Meant for a thread.

        A link whose codes are not as expected stays with the library.
        """
        self._is_tried = True
        first = _SAMPLES[0]
        drawn = [
            [
                _drawn(f"{self._prefix}{first[:at]}{chr(ord(first[at]) ^ 1 << bit)}{first[at + 1 :]}")
                for bit in _BITS
            ]
            for at in range(TEXT_LENGTH)
        ]
        base, side = _drawn(self._prefix + first)
        if any(other != side for row in drawn for _, other in row):
            return
        seen = _Seen(base, side, [modules for row in drawn for modules, _ in row])
        self._side, self._base = side, _laid_out(base, side, light=True)
        flips = [[_laid_out(seen.flipped(modules), side, light=False) for modules, _ in row] for row in drawn]
        if all(self._agrees(sample, flips, seen) for sample in _SAMPLES):
            self._flips = flips

    def _agrees(self, sample: str, flips: Sequence[Sequence[int]], seen: _Seen) -> bool:
        modules, side = _drawn(self._prefix + sample)
        if side != self._side or not seen.explains(modules):
            return False
        expected = self._base ^ _laid_out(seen.flipped(modules), side, light=False)
        return self._picture(sample, flips) == expected

    def _picture(self, ticket: str, flips: Sequence[Sequence[int]]) -> int:
        picture = self._base
        for row, one, known in zip(flips, ticket.encode("ascii"), _SAMPLES[0].encode(), strict=True):
            differing = one ^ known
            for bit in _BITS:
                if differing >> bit & 1:
                    picture ^= row[bit]
        return picture


class _Seen:
    """What several codes of one size have taught: which modules carry data.

    Finders and timing are the same in all of them; data is not, under eight masks. A code is a number here,
    its first bit the module in the upper left corner, 1 for dark.
    """

    def __init__(self, base: int, side: int, others: Sequence[int]) -> None:
        self._base, self._side = base, side
        self._format = _cells_of_format(side)
        changed = 0
        for modules in others:
            changed |= modules ^ base
        self._data = changed & ~self._format
        self._masks = [
            _number(mask(row, column) for row in range(side) for column in range(side)) for mask in _MASKS
        ]

    def flipped(self, modules: int) -> int:
        """What differs from the first code, as if both had the first one's mask."""
        masks = self._masks[self._mask_of(modules)] ^ self._masks[self._mask_of(self._base)]
        return (modules ^ self._base ^ masks) & self._data

    def explains(self, modules: int) -> bool:
        """Whether nothing else differs."""
        return (modules ^ self._base) & ~(self._data | self._format) == 0

    def _mask_of(self, modules: int) -> int:
        """In the third to fifth bit of the format, which are mixed with 101 (7.9.1)."""
        bits = modules >> (self._side * self._side - 1 - (8 * self._side + 4))
        return bits & 0b111 ^ 0b101


def _drawn(text: str) -> tuple[int, int]:
    """A code by the library, and how many modules it has on a side."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="L")
    matrix = memoryview(barcode.to_image(scale=1, add_quiet_zones=False))
    return int(matrix.tobytes().translate(_DIGITS), 2), matrix.shape[0] if matrix.shape else 0


def _cells_of_format(side: int) -> int:
    """The modules that name level and mask, around the three finders."""
    near, far = {*range(9)}, {*range(side - 8, side)}
    return _number(
        (row == 8 and column in near | far) or (column == 8 and row in near | far)
        for row in range(side)
        for column in range(side)
    )


def _number(bits: Iterable[bool]) -> int:
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _laid_out(modules: int, side: int, *, light: bool) -> int:
    """The rows of a PNG picture: a byte for the filter (none), a bit a dot, 0 for dark.

    `light`: with everything light around it; else as what is to be flipped.
    """
    digits = f"{modules:0{side * side}b}"
    edge = "1" if light else "0"
    if light:
        digits = digits.translate({ord("0"): "1", ord("1"): "0"})
    whole = side + 2 * QUIET
    padded = (whole + 7) // 8 * 8
    empty = "0" * 8 + edge * padded
    rows = [
        "0" * 8 + (edge * QUIET + digits[at : at + side]).ljust(padded, edge)
        for at in range(0, side * side, side)
    ]
    return int("".join([empty] * QUIET + rows + [empty] * QUIET), 2)


def _image(picture: int, side: int) -> str:
    whole = side + 2 * QUIET
    rows = picture.to_bytes(whole * (1 + (whole + 7) // 8), "big")
    header = struct.pack(">IIBBBBB", whole, whole, 1, 0, 0, 0, 0)  # one bit a dot, grey
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    )
    return f'<img class="qr" alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
