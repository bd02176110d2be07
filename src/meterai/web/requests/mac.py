"""Tags for what visitors keep for us in cookies, forms and addresses: only we can have made them."""

from __future__ import annotations

import base64
import hashlib
import hmac

TAG_BYTES = 16


def tag(secret: bytes, purpose: bytes, message: bytes) -> bytes:
    """The tag of `message`, good for one purpose only. `secret`: 64 bytes at most.

    BLAKE2b with a key (RFC 7693), which is a MAC by itself: HMAC through OpenSSL takes ten times as long.
    """
    sealed = b"meterai " + purpose + b"\x00" + message
    return hashlib.blake2b(sealed, key=secret, digest_size=TAG_BYTES).digest()


def seal(secret: bytes, purpose: bytes, body: bytes, *, about: bytes = b"") -> str:
    """`body` as text that only we can have made, for one purpose and thing only (`about`, not told)."""
    sealed = tag(secret, purpose, about + body) + body
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(secret: bytes, purpose: bytes, text: str, *, about: bytes = b"") -> bytes | None:
    """The body of what `seal` made; None: we did not, or for something else."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    given, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
    return body if hmac.compare_digest(given, tag(secret, purpose, about + body)) else None
