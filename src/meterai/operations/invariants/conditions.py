"""Joins and conditions that several invariants share, as SQL."""

from __future__ import annotations

ITEMS_WITH_ORDERS = "sales.item i JOIN sales.orders o ON o.id = i.order_id"
PAID_FOR = "state IN ('paid', 'completed')"
"""Of an order."""
SETTLED = "settled_at IS NOT NULL"
"""Of a payment: its money came."""
REVERSED = "reversed_at IS NOT NULL OR state = 'reversed'"
"""Of a payment: the bank took its money back."""


def derived_id(word: str, text: str) -> str:
    """SQL: the id that `kernel.ids.derived_id` makes of a word and a text.

    The reader may not call the function of the database that does the same.
    """
    digest = f"substring(sha256(convert_to('{word}' || chr(31) || {text}, 'UTF8')) FOR 16)"
    version = f"set_byte({digest}, 6, get_byte({digest}, 6) & 15 | 128)"
    return f"encode(set_byte({version}, 8, get_byte({digest}, 8) & 63 | 128), 'hex')::uuid"
