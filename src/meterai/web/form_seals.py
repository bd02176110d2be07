"""Names of forms (`kiriman`) that carry a right to buy: sealed by us, and good for one order, however often
they are copied, because a form opens one order."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct

from meterai.web.queues import INSIDE_S
from meterai.web.seals import TAG_BYTES, tag

_BODY = struct.Struct(">I?18s")


def seal_form(secret: bytes, flow: str, now: float, *, by_share: bool) -> str:
    """A new name of a form, 52 characters that only we can have made; as unguessable as any.

    `flow`: what it is for; `by_share`: whether it got a place of the general shop's share.
    """
    body = _BODY.pack(int(now), by_share, secrets.token_bytes(18))
    return base64.urlsafe_b64encode(_tag(secret, flow, body) + body).decode()


def read_form_seal(secret: bytes, flow: str, text: str, now: float) -> bool | None:
    """Whether a form of ours got its place from the share; None: not ours, another flow's, or too old."""
    try:
        raw = base64.urlsafe_b64decode(text)
    except ValueError:
        return None
    given, body = raw[:TAG_BYTES], raw[TAG_BYTES:]
    if len(body) != _BODY.size or not hmac.compare_digest(given, _tag(secret, flow, body)):
        return None
    at, by_share, _ = _BODY.unpack(body)
    return bool(by_share) if now - at < INSIDE_S else None


def _tag(secret: bytes, flow: str, body: bytes) -> bytes:
    return tag(secret, b"shop form", flow.encode() + b"\x00" + body)
