"""Names of forms (`kiriman`) that carry a right to buy: sealed by us, and good for one order, however often
they are copied, because a form opens one order."""

from __future__ import annotations

import secrets
import struct

from meterai.web.line.queues import INSIDE_S
from meterai.web.requests.mac import seal, unseal

_PURPOSE = b"shop form"
_BODY = struct.Struct(">I?18s")


def seal_form(secret: bytes, flow: str, now: float, *, by_share: bool, network: str = "") -> str:
    """A new name of a form, 52 characters that only we can have made; as unguessable as any.

    `flow`: what it is for; `by_share`: whether it got a place of the general shop's share; `network`: from
    which alone it is good.
    """
    body = _BODY.pack(int(now), by_share, secrets.token_bytes(18))
    return seal(secret, _PURPOSE, body, about=_about(flow, network))


def read_form_seal(secret: bytes, flow: str, text: str, now: float, *, network: str = "") -> bool | None:
    """Whether a form of ours, sent from `network`, got its place from the share; None: not ours, of another
    flow or network, or too old."""
    body = unseal(secret, _PURPOSE, text, about=_about(flow))
    if body is None and network:
        body = unseal(secret, _PURPOSE, text, about=_about(flow, network))
    if body is None or len(body) != _BODY.size:
        return None
    at, by_share, _ = _BODY.unpack(body)
    return bool(by_share) if now - at < INSIDE_S else None


def _about(flow: str, network: str = "") -> bytes:
    return f"{flow}\0{network}".encode()
