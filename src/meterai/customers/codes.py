"""Codes of six digits: limits, spelling, and the keyed digests that are stored instead of them."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from datetime import timedelta

CODE_LIFE = timedelta(minutes=10)
ATTEMPTS_MAX = 5
WINDOW = timedelta(minutes=15)
PER_CONTACT_MAX = 5
PER_ADDRESS_MAX = 600
"""Stops a machine, not a village: hundreds of phones share a carrier's address, and a campus has one."""
PER_ADDRESS_OF_CALLED_MAX = 6_000
"""Of people who show a ticket of that contact: a neighbour's sign-ins must not shut them out."""
REPEAT_LIFE = timedelta(seconds=60)
"""For so long the right code is taken once more: the second click of a double click is the one that shows."""

_FILLERS = re.compile(r"[\s.\-\u00a0\u2010-\u2015]")


def make_code(randomness: int) -> str:
    """Six digits from a random number below a million."""
    return f"{randomness:06d}"


def read_code(text: str) -> str:
    """The digits that a person typed, in any spacing: ` 123-456 ` is `123456`. May be no code at all."""
    return _FILLERS.sub("", text)[:16]


def code_mac(secret: bytes, code_id: uuid.UUID, code: str) -> bytes:
    """What is stored of a code: nobody who reads the table can try a million codes without the secret."""
    return hmac.digest(secret, b"code\x00" + code_id.bytes + code.encode(), hashlib.sha256)


def address_mac(secret: bytes, address: str) -> bytes:
    """What is stored of the asking address: enough to count, not enough to know."""
    return hmac.digest(secret, b"address\x00" + address.encode(), hashlib.sha256)
