"""Ids as the API writes them: TypeIDs, such as `stm_01j9z3f7m2e8jr4v6q0d5n8k7c`.

A prefix says what the id names. The 26 characters after it are the UUID in Crockford's base32, in lower case.
"""

from __future__ import annotations

import re
import uuid
from enum import StrEnum

_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)}
_LENGTH = 26
SUFFIX_PATTERN = f"[0-7][{_SIGNS}]{{{_LENGTH - 1}}}"
_SUFFIX = re.compile(SUFFIX_PATTERN)


class Prefix(StrEnum):
    """What an id names."""

    ORGANISATION = "org"
    DOCUMENT = "doc"
    STAMP = "stm"
    BUNDLE = "bnd"
    BLOCK = "blk"
    AGREEMENT = "agr"
    CLIENT = "cli"
    KEY = "key"
    REQUEST = "req"
    WEBHOOK = "whk"
    EVENT = "evt"
    DELIVERY = "dlv"
    REPORT = "rpt"
    FILE = "fil"


def write_id(prefix: Prefix, id: uuid.UUID) -> str:
    """Writes an id for the outside."""
    value, signs = id.int, ""
    for _ in range(_LENGTH):
        value, place = divmod(value, 32)
        signs = _SIGNS[place] + signs
    return f"{prefix}_{signs}"


def read_id(prefix: Prefix, text: str) -> uuid.UUID | None:
    """Reads an id from the outside. None when it is no id, or one of another kind."""
    given, _, suffix = text.rpartition("_")
    if given != prefix or not _SUFFIX.fullmatch(suffix):
        return None
    value = 0
    for sign in suffix:
        value = value * 32 + _VALUES[sign]
    return uuid.UUID(int=value)


def pattern_of(prefix: Prefix) -> str:
    """The regular expression of ids with this prefix."""
    return f"^{prefix}_{SUFFIX_PATTERN}$"
