"""Writes and reads the 2-D code of a stamp: an upper-case URL whose last part is a signed payload.

The text is `{BASE}/C/{payload}`. BASE is the public address in upper case, so that the whole text fits the
alphanumeric mode of QR codes (ISO/IEC 18004 clause 7.4.4). The payload is base41: two bytes become three
characters of `0-9 A-Z $ * + - :`, least significant first. That is RFC 9285 (base45) without the characters
that a URL path cannot hold unescaped (space, `%`) or that servers fold (`.`, `/`).

| bytes | content |
|---|---|
| 0 | version, 1 |
| 1 | id of the Ed25519 key |
| 2-16 | serial number: its 22 characters as one base-36 number, big-endian |
| 17-18 | date of stamping: days since 2024-01-01, big-endian |
| 19-82 | Ed25519 signature (RFC 8032) over `meterai.stamp-code.1` + NUL + bytes 0-18 |

A valid code says that the holder of the key issued this serial number on that day. It says nothing about the
document that carries the picture, because anybody can copy the picture.

docs/stamp-code.md is the specification, with test vectors. `web/static/stamp_code.js` is the reader for
browsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import ALPHABET, SerialNumber, parse_serial

VERSION = 1
PAYLOAD_BYTES = 83
_ANY_VERSION_BYTES_MIN = 66
"""Every version begins with version and key id, and ends with a signature of 64 bytes."""
_SERIAL_BYTES = 15
_EPOCH = date(2024, 1, 1)
_PREFIX = b"meterai.stamp-code.1\x00"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:"
_VALUES = {character: value for value, character in enumerate(_DIGITS)}


class StampCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a code says. Only `verify_code` proves it."""

    serial: SerialNumber
    day: date
    key_id: int
    signature: bytes
    """64 bytes, Ed25519."""


def code_message(serial: SerialNumber, day: date, key_id: int) -> bytes:
    """The bytes that the code's key signs.

    Raises: ValueError for a day or key id that the format can't hold.
    """
    return _PREFIX + _body(serial, day, key_id)


def encode_code(base_url: str, serial: SerialNumber, day: date, *, key_id: int, signature: bytes) -> str:
    """The text of the code, such as `HTTPS://METERAI.EXAMPLE/C/1A2...`.

    Raises: ValueError unless the signature has 64 bytes.
    """
    if len(signature) != 64:
        raise ValueError("an Ed25519 signature has 64 bytes")
    payload = to_base41(_body(serial, day, key_id) + signature)
    return f"{base_url.rstrip('/').upper()}/C/{payload}"


def decode_code(text: str) -> StampCode:
    """Reads the text of a code, or its payload alone. The host is not checked.

    Raises: Refusal INVALID `code.unreadable`, or `code.newer` for an unknown later version.
    """
    payload = text.strip().upper().rpartition("/")[2]
    try:
        raw = _from_base41(payload)
    except (KeyError, ValueError, OverflowError):
        raise Refusal(Kind.INVALID, "code.unreadable") from None
    if len(raw) >= _ANY_VERSION_BYTES_MIN and raw[0] > VERSION:
        raise Refusal(Kind.INVALID, "code.newer")
    if len(raw) != PAYLOAD_BYTES or raw[0] != VERSION:
        raise Refusal(Kind.INVALID, "code.unreadable")
    serial = _unpack_serial(raw[2:17])
    if serial is None:
        raise Refusal(Kind.INVALID, "code.unreadable")
    return StampCode(
        serial=serial,
        day=_EPOCH + timedelta(days=int.from_bytes(raw[17:19], "big")),
        key_id=raw[1],
        signature=raw[19:],
    )


def verify_code(code: StampCode, public_keys: Mapping[int, bytes]) -> bool:
    """Whether one of the trusted keys (id -> 32 raw bytes) signed this code."""
    raw = public_keys.get(code.key_id)
    if raw is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(
            code.signature, code_message(code.serial, code.day, code.key_id)
        )
    except InvalidSignature:
        return False
    return True


def _body(serial: SerialNumber, day: date, key_id: int) -> bytes:
    days = (day - _EPOCH).days
    if not (0 <= days < 1 << 16 and 0 <= key_id < 256):
        raise ValueError("day or key id out of range")
    packed = int(serial, 36).to_bytes(_SERIAL_BYTES, "big")
    return bytes((VERSION, key_id)) + packed + days.to_bytes(2, "big")


def _unpack_serial(packed: bytes) -> SerialNumber | None:
    number = int.from_bytes(packed, "big")
    characters = []
    for _ in range(22):
        number, digit = divmod(number, 36)
        characters.append(ALPHABET[digit])
    return None if number else parse_serial("".join(reversed(characters)))


def to_base41(raw: bytes) -> str:
    """Encodes two bytes as three characters, and a last single byte as two (see the module's description)."""
    characters = []
    for start in range(0, len(raw), 2):
        group = raw[start : start + 2]
        value = int.from_bytes(group, "big")
        for _ in range(len(group) + 1):
            value, digit = divmod(value, 41)
            characters.append(_DIGITS[digit])
    return "".join(characters)


def _from_base41(text: str) -> bytes:
    """Decodes base41. Raises: KeyError, ValueError, OverflowError for text that `to_base41` cannot
    produce."""
    out = bytearray()
    for start in range(0, len(text), 3):
        group = [_VALUES[character] for character in text[start : start + 3]]
        if len(group) == 1:
            raise ValueError("a lone character")
        value = sum(digit * 41**place for place, digit in enumerate(group))
        out += value.to_bytes(len(group) - 1, "big")
    return bytes(out)
