"""Checks the statement of a closed day as anybody can: from its published bytes."""

from __future__ import annotations

import base64
import time
from datetime import date
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.evening.readers import Reader

_CLOSES_WITHIN_S: Final = 90
_PARTS: Final = ("stamped", "held", "refunded", "suspense")


def check_statement(site: str, day: date) -> dict[str, Any]:
    """Waits until the day is closed. Returns the day's sums.

    Raises: AssertionError when it stays open, has no sale, or does not balance; InvalidSignature.
    """
    page, deadline = Reader(f"{site}/hari/{day}.json"), time.monotonic() + _CLOSES_WITHIN_S
    while not (text := page.reads()):
        assert time.monotonic() < deadline, f"{day} is not closed within {_CLOSES_WITHIN_S} s"
        time.sleep(0.5)
    told = msgspec.json.decode(text)
    key = load_pem_public_key(told["public_key"].encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(told["signature"]), told["statement"].encode())
    sums: dict[str, Any] = msgspec.json.decode(told["statement"])["day"]
    for unit in ("rupiah", "pieces"):
        parts = sum(sums[name][unit] for name in _PARTS)
        assert sums["paid"][unit] == parts > 0, f"{unit}: paid {sums['paid'][unit]}, its parts {parts}"
    assert sums["suspense"]["rupiah"] == 0, "money is left undivided"
    return sums
