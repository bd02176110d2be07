"""Made-up ids, digests, serial numbers and times, all following from a number, thousands at a time."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.growth.copying import Column, as_column, bigints
from meterai.kernel.serial_number import ALPHABET, LENGTH

Numbers = NDArray[np.int64]

POSTGRES_EPOCH_US: Final = 946_684_800_000_000
"""1 January 2000, where PostgreSQL's timestamps begin, in microseconds of Unix time."""
_DAY_US = 86_400_000_000
_JAKARTA_US = 7 * 3_600_000_000
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), "V2")
_SERIAL_LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)
_READABLE = np.frombuffer(b"23456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)


def noise(name: str, numbers: Numbers, size: int) -> NDArray[np.uint8]:
    """`size` bytes for each number that look random; others for each name (SplitMix64 by Steele et al.)."""
    lanes = []
    for lane in range(-(-size // 8)):
        seed = int.from_bytes(hashlib.sha256(f"{name} {lane}".encode()).digest()[:8], "big")
        z = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        lanes.append((z ^ (z >> np.uint64(31))).view(np.uint8).reshape(len(numbers), 8))
    return np.concatenate(lanes, axis=1)[:, :size]


def derived_ids(name: str, numbers: Numbers) -> Column:
    """As `kernel.ids.derived_id`: in no order."""
    return _uuids(noise(name, numbers, 16), version=8)


def new_ids(name: str, numbers: Numbers, at_us: Numbers) -> Column:
    """As `kernel.ids.new_id`: in the order of time (UUIDv7)."""
    content = noise(name, numbers, 16)
    content[:, :6] = (at_us // 1000).astype(">i8").view(np.uint8).reshape(len(numbers), 8)[:, 2:]
    return _uuids(content, version=7)


def _uuids(content: NDArray[np.uint8], *, version: int) -> Column:
    content[:, 6] = content[:, 6] & 0x0F | version << 4
    content[:, 8] = content[:, 8] & 0x3F | 0x80
    return as_column(content)


def digests(name: str, numbers: Numbers) -> Column:
    """What could be the SHA-256 of something that is gone."""
    return as_column(noise(name, numbers, 32))


def hexadecimal(values: Column) -> Column:
    """The values as lower-case hex digits."""
    return as_column(_HEX[values.view(np.uint8).reshape(len(values), -1)])


def uuid_texts(values: Column) -> Column:
    """UUIDs as text, with hyphens."""
    digits = hexadecimal(values).view(np.uint8).reshape(len(values), 32)
    hyphen = np.full((len(values), 1), ord("-"), np.uint8)
    places = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    parts: list[NDArray[np.uint8]] = []
    for begin, end in places:
        parts += [hyphen, digits[:, begin:end]]
    return as_column(np.concatenate(parts[1:], axis=1))


def serials(numbers: Numbers) -> Column:
    """Serial numbers with their check character (`kernel.serial.check_character`)."""
    places = noise("serial", numbers, LENGTH - 1) % 36
    check = np.full(len(numbers), 36, np.int64)
    for place in range(LENGTH - 1):
        check = (check + places[:, place]) % 36
        check = np.where(check == 0, 36, check) * 2 % 37
    last = (37 - check) % 36
    return as_column(_SERIAL_LETTERS[np.concatenate([places, last[:, np.newaxis]], axis=1)])


def order_numbers(numbers: Numbers) -> Column:
    """As `kernel.ids.new_order_number`."""
    letters = _READABLE[noise("order", numbers, 12) % len(_READABLE)]
    hyphen = np.full((len(numbers), 1), ord("-"), np.uint8)
    return as_column(
        np.concatenate([letters[:, :4], hyphen, letters[:, 4:8], hyphen, letters[:, 8:]], axis=1)
    )


def decimals(numbers: Numbers, digits: int) -> Column:
    """Decimal digits, with zeros in front."""
    powers = 10 ** np.arange(digits - 1, -1, -1)
    places: NDArray[Any] = numbers[:, np.newaxis] // powers % 10 + ord("0")
    return as_column(places.astype(np.uint8))


def timestamps(at_us: Numbers) -> Column:
    """timestamptz of Unix time in microseconds."""
    return bigints(at_us - POSTGRES_EPOCH_US)


def business_dates(at_us: Numbers) -> Column:
    """The date in Jakarta."""
    days = (at_us + _JAKARTA_US - POSTGRES_EPOCH_US) // _DAY_US
    return as_column(days.astype(">i4"))
