"""Joins and conditions that several invariants share, as SQL."""

from __future__ import annotations

ITEMS_WITH_ORDERS = "sales.item i JOIN sales.orders o ON o.id = i.order_id"
PAID_FOR = "state IN ('paid', 'completed')"
"""Of an order."""
SETTLED = "settled_at IS NOT NULL"
"""Of a payment: its money came."""
REVERSED = "reversed_at IS NOT NULL OR state = 'reversed'"
"""Of a payment: the bank took its money back."""
