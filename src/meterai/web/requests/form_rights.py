"""Names of forms (`kiriman`) of people who entered freely: they may go on when others have to wait.

A name is tagged with our secret. A form opens one order, so copies of its name give no further right.
"""

from __future__ import annotations

import secrets
import struct

from meterai.web.line.queues import INSIDE_S
from meterai.web.requests.mac import read_tagged_text, to_tagged_text

_PURPOSE = b"shop form"
_BODY = struct.Struct(">I?18s")
"""When it was made, whether an older release made it for a place in the general shop, random bytes."""


def make_form_name(secret: bytes, flow: str, now: float, *, network: str = "") -> str:
    """Makes a name for a form: 52 characters that only we can make, and nobody can guess.

    - `flow`: what the form is for.
    - `network`: the only network from which the name is good; empty: any.
    """
    body = _BODY.pack(int(now), False, secrets.token_bytes(18))
    return to_tagged_text(secret, _PURPOSE, body, about=_about(flow, network))


def lets_go_on(secret: bytes, flow: str, text: str, now: float, *, network: str = "") -> bool:
    """Tells whether people who send a form of this name from `network` may go on.

    Not when the name is not ours, is for another flow or network, or is too old.
    """
    body = read_tagged_text(secret, _PURPOSE, text, about=_about(flow))
    if body is None and network:
        body = read_tagged_text(secret, _PURPOSE, text, about=_about(flow, network))
    if body is None or len(body) != _BODY.size:
        return False
    at, had_place, _ = _BODY.unpack(body)
    return not had_place and now - at < INSIDE_S


def _about(flow: str, network: str = "") -> bytes:
    return f"{flow}\0{network}".encode()
