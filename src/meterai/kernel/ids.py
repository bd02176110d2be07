"""Identifiers: UUIDv7 for rows, random tokens for links, numbers that people can read aloud."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime

_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now: datetime) -> uuid.UUID:
    """A UUIDv7 (RFC 9562 section 5.7): time-ordered, 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


def first_id(moment: datetime) -> uuid.UUID:
    """The least of all ids that `new_id` makes from this moment on: a bound for ranges of ids."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def derived_id(name: str, *parts: object) -> uuid.UUID:
    """An id made from what it names (SHA-256): the same step done twice makes the same id.

    Used for transfers: `derived_id("settle", payment_id)`.
    """
    text = "\x1f".join([name, *(str(part) for part in parts)])
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    # Version 8 and variant set by hand: before Python 3.14, uuid.UUID refuses versions above 5.
    value = value & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62
    return uuid.UUID(int=value)


def new_token() -> str:
    """An unguessable token for a link or cookie: 192 random bits, base64url."""
    return secrets.token_urlsafe(24)


def token_digest(token: str) -> bytes:
    """The SHA-256 of a token, which is stored instead of it."""
    return hashlib.sha256(token.encode()).digest()


def form_digest(name: str) -> str:
    """The SHA-256 of a form's name. It is stored with the order that the form opened."""
    return hashlib.sha256(name.encode()).hexdigest()


def readable_code(number: int, length: int) -> tuple[str, int]:
    """A code of `length` readable characters, in groups of four, from a random number; and what is left."""
    signs = ""
    for _ in range(length):
        number, place = divmod(number, len(_READABLE))
        signs += _READABLE[place]
    return _in_fours(signs), number


def new_order_number() -> str:
    """A number for people, such as `M7KQ-3XPD-92RT` (58 random bits; no look-alike characters)."""
    return _new_code(12)


def new_help_code() -> str:
    """A help code for an error's page and its log line, such as `K7QF-2M9D` (39 random bits)."""
    return _new_code(8)


def _new_code(length: int) -> str:
    return _in_fours("".join(secrets.choice(_READABLE) for _ in range(length)))


def _in_fours(signs: str) -> str:
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))
