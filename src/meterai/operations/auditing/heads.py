"""Heads of the audit trail as one line of text, which is kept outside of the database."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

_LINE: Final = re.compile(
    r"meterai-audit installation=([0-9a-f-]{36}) entry=(\d+) hash=([0-9a-f]{64})(?: at=(\S+))?"
)
_SHORT: Final = re.compile(r"(\d+):([0-9a-f]{64})")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The number and the hash of an entry, as somebody outside keeps them."""

    entry: int
    hash: str
    """In hexadecimal digits."""
    at: str = ""
    installation: uuid.UUID | None = None


def line_of(head: Head) -> str:
    """Returns the line that is put outside."""
    return f"meterai-audit installation={head.installation} entry={head.entry} hash={head.hash} at={head.at}"


def new_head(installation: uuid.UUID, entry: int, digest: bytes, now: datetime) -> Head:
    """Makes the head of this moment."""
    at = now.isoformat(timespec="seconds")
    return Head(entry=entry, hash=digest.hex(), at=at, installation=installation)


def read_heads(given: str) -> list[Head]:
    """Reads the heads of a file, which may hold other lines too, or one as ENTRY:HASH.

    Raises: ValueError when there is none; OSError.
    """
    if short := _SHORT.fullmatch(given.strip()):
        return [Head(entry=int(short[1]), hash=short[2])]
    found = [
        Head(entry=int(entry), hash=digest, at=at, installation=uuid.UUID(installation))
        for installation, entry, digest, at in _LINE.findall(Path(given).read_text(errors="replace"))
    ]
    if not found:
        raise ValueError(f"{given} holds no head of an audit trail")
    return found
