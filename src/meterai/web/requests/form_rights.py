"""Names of forms (`kiriman`) that carry a right to buy.

A name is tagged with our secret. A form opens one order, so copies of its name give no further right.
"""

from __future__ import annotations

import secrets
import struct

from meterai.web.line.queues import INSIDE_S
from meterai.web.requests.mac import read_tagged_text, to_tagged_text

_PURPOSE = b"shop form"
_BODY = struct.Struct(">I?18s")


def make_form_name(secret: bytes, flow: str, now: float, *, by_share: bool, network: str = "") -> str:
    """Makes a name for a form: 52 characters that only we can make, and nobody can guess.

    - `flow`: what the form is for.
    - `by_share`: the right is a place in the general shop's share.
    - `network`: the only network from which the name is good; empty: any.
    """
    body = _BODY.pack(int(now), by_share, secrets.token_bytes(18))
    return to_tagged_text(secret, _PURPOSE, body, about=_about(flow, network))


def read_form_name(secret: bytes, flow: str, text: str, now: float, *, network: str = "") -> bool | None:
    """Reads the name of a form that came from `network`.

    Returns whether its right is a place in the general shop's share. None when the name is not ours, is for
    another flow or network, or is too old.
    """
    body = read_tagged_text(secret, _PURPOSE, text, about=_about(flow))
    if body is None and network:
        body = read_tagged_text(secret, _PURPOSE, text, about=_about(flow, network))
    if body is None or len(body) != _BODY.size:
        return None
    at, by_share, _ = _BODY.unpack(body)
    return bool(by_share) if now - at < INSIDE_S else None


def _about(flow: str, network: str = "") -> bytes:
    return f"{flow}\0{network}".encode()
