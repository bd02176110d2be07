"""Buyers that receipts name."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kit.database import Connection
from meterai.sales.buyer import Buyer


async def name_buyer(connection: Connection, order_id: uuid.UUID, buyer: Buyer | None, now: datetime) -> bool:
    """Writes the buyer of an order; None takes a draft's off. Returns False when it can't change any more."""
    named: bool = await connection.fetchval(
        "SELECT sales.name_buyer($1, $2, $3, $4)",
        order_id,
        buyer and buyer.name,
        buyer and buyer.npwp,
        now,
    )
    return named


async def read_buyer(connection: Connection, order_id: uuid.UUID) -> Buyer | None:
    """The buyer of an order; None when nobody was named."""
    row = await connection.fetchrow("SELECT name, npwp FROM sales.buyer WHERE order_id = $1", order_id)
    return None if row is None else Buyer(name=row["name"], npwp=row["npwp"])
