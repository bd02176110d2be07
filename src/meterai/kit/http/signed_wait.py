"""A wait that stands in for the proof of work, for browsers without JavaScript.

A form carries the moment since when it waits, signed for one purpose and one asker (`bound_to`). Nothing is
kept of it until the form is taken. How long it must wait is decided then, by what was taken lately. So it
helps nobody to begin many waits at once: each one that is taken makes all others longer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

import msgspec

VALID_S = 3_600
_BODY = struct.Struct(">8sI")
_TAG_BYTES = 16


class Waited(msgspec.Struct, frozen=True):
    """A wait of ours that is still valid."""

    name: bytes
    seconds: float
    expires: float


class SignedWait:
    """Begins waits for one purpose and reads them. `key`: 32 secret bytes."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, b"meterai wait v1 " + purpose.encode(), hashlib.sha256)

    def begin(self, now: float, *, bound_to: str) -> str:
        """A wait that begins now, as text. `now`: Unix seconds."""
        body = _BODY.pack(os.urandom(8), int(now))
        return base64.urlsafe_b64encode(self._tag(body, bound_to) + body).decode().rstrip("=")

    def read(self, text: str, now: float, *, bound_to: str) -> Waited | None:
        """The wait in a text; None when it is not ours, for something else, or too old."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if len(body) != _BODY.size or not hmac.compare_digest(tag, self._tag(body, bound_to)):
            return None
        name, since = _BODY.unpack(body)
        seconds = now - since
        return Waited(bytes(8) + name, seconds, since + VALID_S) if seconds < VALID_S else None

    def _tag(self, body: bytes, bound_to: str) -> bytes:
        return hmac.digest(self._key, body + bound_to.encode(), hashlib.sha256)[:_TAG_BYTES]
