"""Rupiah as whole numbers."""

from __future__ import annotations

from typing import NewType

Rupiah = NewType("Rupiah", int)
"""A sum of money in whole rupiah; never a float."""


def format_rupiah(amount: int) -> str:
    """`12500` -> `Rp12.500`, the spelling of Indonesian law and receipts."""
    sign = "-" if amount < 0 else ""
    return f"{sign}Rp{abs(amount):,}".replace(",", ".")
