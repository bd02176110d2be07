"""Sums of money as gateways and banks write them."""

from __future__ import annotations

import re
from decimal import Decimal

AMOUNT_MAX = 10**15
_WRITTEN = re.compile(r"(-?)([0-9]{1,15})(?:\.0{1,2})?", re.ASCII)


def read_rupiah(text: str) -> int | None:
    """The rupiah of `12500`, `12500.00` or `-12500.00`. None for all else, sen among it."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    return -int(found[2]) if found[1] else int(found[2])


def whole_rupiah(amount: Decimal) -> int | None:
    """The amount as whole rupiah. None when it has sen, is no number or is beyond all that we book."""
    if not amount.is_finite() or abs(amount) >= AMOUNT_MAX or amount != amount.to_integral_value():
        return None
    return int(amount)
