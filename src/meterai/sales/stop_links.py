"""Links in messages that stop a payout: they work without signing in, and for one naming of an account."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid

import msgspec

from meterai.kit.application_secret import honoured

_TAG_BYTES = 16
_NAMING_BYTES = 4


class StopLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link stops: the payout to the account that was named for a refund for the `naming`-th time."""

    refund_id: uuid.UUID
    naming: int


def make_stop_token(secret: bytes, link: StopLink) -> str:
    """Writes the token of a link, which nobody else can make."""
    body = link.refund_id.bytes + link.naming.to_bytes(_NAMING_BYTES)
    return base64.urlsafe_b64encode(_tag(secret, body) + body).decode()


def read_stop_token(secret: bytes, text: str) -> StopLink | None:
    """Reads what `make_stop_token` wrote; None for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return None
    body = raw[_TAG_BYTES:]
    tags = (_tag(one, body) for one in honoured(secret))
    is_ours = any(hmac.compare_digest(raw[:_TAG_BYTES], tag) for tag in tags)
    if len(body) != 16 + _NAMING_BYTES or not is_ours:
        return None
    return StopLink(refund_id=uuid.UUID(bytes=body[:16]), naming=int.from_bytes(body[16:]))


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"stop refund\x00" + body, hashlib.sha256)[:_TAG_BYTES]
