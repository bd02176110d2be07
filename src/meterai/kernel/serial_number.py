"""Serial numbers (nomor seri): 22 characters A-Z 0-9 (PMK 134/2021 art. 7, kept in PMK 78/2024)."""

from __future__ import annotations

import re
from typing import NewType

SerialNumber = NewType("SerialNumber", str)
"""21 random characters (108 random bits) and one check character."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 22
RANDOM_BYTES = 32
_SHAPE = re.compile(r"[0-9A-Z]{22}")


def check_character(body: str) -> str:
    """The check character of ISO 7064 MOD 37,36 over `body` (A-Z 0-9).

    Finds every single wrong character, and 629 of 630 swaps of two neighbours.
    """
    check = 36
    for character in body:
        check = (check + ALPHABET.index(character)) % 36 or 36
        check = check * 2 % 37
    return ALPHABET[(37 - check) % 36]


def make_serial(randomness: bytes) -> SerialNumber:
    """A serial number from `RANDOM_BYTES` random bytes (108 bits are used; at least 80 are demanded)."""
    if len(randomness) < RANDOM_BYTES:
        raise ValueError(f"a serial number needs {RANDOM_BYTES} random bytes")
    number = int.from_bytes(randomness, "big")
    characters = []
    for _ in range(LENGTH - 1):
        number, digit = divmod(number, 36)
        characters.append(ALPHABET[digit])
    body = "".join(characters)
    return SerialNumber(body + check_character(body))


def parse_serial(text: str) -> SerialNumber | None:
    """The serial number that a person typed or pasted, or None.

    Lower case is fine, and so is whatever stands between letters and digits: spaces, dashes, marks of
    direction that nobody sees.
    """
    cleaned = re.sub(r"[\W_]", "", text).upper()
    if not _SHAPE.fullmatch(cleaned) or check_character(cleaned[:-1]) != cleaned[-1]:
        return None
    return SerialNumber(cleaned)


def group_serial(serial: str) -> str:
    """The serial number in groups for reading aloud: `ABCD EFGH ...`."""
    return " ".join(serial[i : i + 4] for i in range(0, len(serial), 4))
