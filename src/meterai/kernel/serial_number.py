"""Serial numbers (nomor seri): 22 characters A-Z 0-9 (PMK 134/2021 art. 7, kept in PMK 78/2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, combinations, islice
from typing import NewType

SerialNumber = NewType("SerialNumber", str)
"""21 random characters and one check character."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Characters of all serial numbers, also of those made before look-alikes were avoided."""
LOOK_ALIKES = {"O": "0", "I": "1", "B": "8", "S": "5", "Z": "2"}
"""Letters that people take for a digit, and the digit. New serial numbers have none of these letters."""
CLEAR_ALPHABET = "".join(character for character in ALPHABET if character not in LOOK_ALIKES)
"""Characters of new serial numbers."""
LENGTH = 22
RANDOM_BYTES = 32
READINGS_MAX = 64
"""How many readings of a typed number are looked up."""
_SHAPE = re.compile(r"[0-9A-Z]{22}")
_CLEAR = str.maketrans(LOOK_ALIKES)
_OTHER = LOOK_ALIKES | {digit: letter for letter, digit in LOOK_ALIKES.items()}


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
    """A serial number from `RANDOM_BYTES` random bytes, without characters that look like others.

    At least 99 bits are used; 80 are demanded.
    """
    if len(randomness) < RANDOM_BYTES:
        raise ValueError(f"a serial number needs {RANDOM_BYTES} random bytes")
    number = int.from_bytes(randomness, "big")
    characters = []
    for _ in range(LENGTH - 2):
        number, digit = divmod(number, len(CLEAR_ALPHABET))
        characters.append(CLEAR_ALPHABET[digit])
    return _finish("".join(characters), number % len(CLEAR_ALPHABET))


def _finish(beginning: str, first: int) -> SerialNumber:
    """Adds a random character and the check character.

    Each random character has another check character, so 26 of 31 have a clear one.
    """
    for candidate in CLEAR_ALPHABET[first:] + CLEAR_ALPHABET[:first]:
        check = check_character(beginning + candidate)
        if check in CLEAR_ALPHABET:
            return SerialNumber(beginning + candidate + check)
    raise AssertionError("each of 31 characters has another check character")


def parse_serial(text: str) -> SerialNumber | None:
    """The serial number that a person typed or pasted, or None.

    Lower case is fine, and so is whatever stands between letters and digits: spaces, dashes, marks of
    direction that nobody sees.
    """
    cleaned = _cleaned(text)
    return SerialNumber(cleaned) if _fits(cleaned) else None


def readings(text: str) -> list[SerialNumber]:
    """The serial numbers that a person may have meant who took a letter for a digit, or a digit for a letter.

    At most `READINGS_MAX`: the text as typed, the text without look-alikes, then those with the fewest
    changes.
    """
    cleaned = _cleaned(text)
    if not _SHAPE.fullmatch(cleaned):
        return []
    clear = cleaned.translate(_CLEAR)
    others = (reading for reading in _with_changes(cleaned) if reading not in (cleaned, clear))
    likely = chain(dict.fromkeys((cleaned, clear)), others)
    return [SerialNumber(reading) for reading in islice(filter(_fits, likely), READINGS_MAX)]


def _with_changes(text: str) -> Iterator[str]:
    """Every reading of a text, those with the fewest changes first."""
    doubtful = [place for place, character in enumerate(text) if character in _OTHER]
    for number in range(len(doubtful) + 1):
        for places in combinations(doubtful, number):
            yield "".join(_OTHER[c] if place in places else c for place, c in enumerate(text))


def _cleaned(text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper()


def _fits(cleaned: str) -> bool:
    return bool(_SHAPE.fullmatch(cleaned)) and check_character(cleaned[:-1]) == cleaned[-1]


def group_serial(serial: str) -> str:
    """The serial number in groups for reading aloud: `ABCD EFGH ...`."""
    return " ".join(serial[i : i + 4] for i in range(0, len(serial), 4))
