"""The text of an act, which an officer reads and signs. It holds all that is decided, and counts once."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

TEXT_LIVES: Final = timedelta(hours=1)
"""How long a text may be signed and handed in."""
_LONG: Final = 200
"""A value with more characters stands in a text as its SHA-256."""
_FRESH: Final = re.compile(r"^nonce: ([0-9a-f]{32})\nvalid until: (\S+)\n\Z", re.M)


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do."""

    kind: str
    """As in the audit trail, such as quota.issue."""
    subject: str
    facts: Mapping[str, object]
    request: int | None = None
    """The request that this signature is for. None: the act of one officer, or a request that begins."""


class Fresh(msgspec.Struct, frozen=True):
    """What makes a text count once and for a while."""

    nonce: str
    valid_until: datetime


def make_fresh(now: datetime) -> Fresh:
    """Makes it for a new text."""
    return Fresh(secrets.token_hex(16), (now + TEXT_LIVES).astimezone(UTC).replace(microsecond=0))


def text_of(act: Act, installation: uuid.UUID, fresh: Fresh) -> str:
    """Returns the text. The same act, installation and `fresh` always give the same text."""
    lines = [
        "Meterai: I sign this act.",
        f"act: {act.kind}",
        f"subject: {_shown(act.subject)}",
        *(f"  {_shown(name)}: {_shown(act.facts[name])}" for name in sorted(act.facts)),
        f"request: {act.request or 'none yet'}",
        f"installation: {installation}",
        f"nonce: {fresh.nonce}",
        f"valid until: {fresh.valid_until.isoformat()}",
    ]
    return "\n".join(lines) + "\n"


def fresh_of(text: str) -> Fresh | None:
    """Reads the nonce and the time from a text; None: it is no text of an act."""
    found = _FRESH.search(text)
    try:
        return Fresh(found[1], datetime.fromisoformat(found[2]).astimezone(UTC)) if found else None
    except ValueError:
        return None


def _shown(value: object) -> str:
    """A value on one line, as JSON. So no value can look like another line."""
    shown = msgspec.json.encode(value, order="sorted").decode()
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in shown)
    if len(shown) <= _LONG:
        return shown
    return f"{len(shown)} characters with SHA-256 {hashlib.sha256(shown.encode()).hexdigest()}"
