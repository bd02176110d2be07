"""Reads the buyer that an order's receipt names."""

from __future__ import annotations

import uuid

from meterai.kit.database import Database
from meterai.sales.buyer import Buyer
from meterai.sales.store import buyers


async def buyer_of(db: Database, order_id: uuid.UUID) -> Buyer | None:
    """The buyer of an order; None when nobody was named. For people who may open the order only."""
    async with db.connection() as connection:
        return await buyers.read_buyer(connection, order_id)
